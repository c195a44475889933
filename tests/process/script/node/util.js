const util = require('util');
class Point { constructor() { this.x = 1; this.y = [1, 2]; } get z() { return 3; } }
console.log(new Point(), [new Point()], { nested: { deep: { deeper: { deepest: 1 } } } }, new Map([['a', { b: 1 }]]), new Set([1, 'two']));
console.log([undefined, null, -0, 1n, Symbol('s'), 'it\'s', /re/gi, new Date(0), () => 1, function named() {}], Object.create(null), new (class extends Array {})(3));
console.log(Buffer.from('buffer'), new Uint8Array(3), new Error('seen').message, [,'hole'], { 'key with space': 1 }, new Number(3), [1.5, 'x'.repeat(20)]);
console.log('%s is %d years and %i, %f, %j %o %O %%', 'Ann', 42, 4.9, '1.5', { a: 1 }, [1], { b: 2 }, 'rest', 7);
console.log(util.format('a', 'b', 3, { c: 4 }), util.inspect('quo"te'), util.inspect({ a: { b: { c: {} } } }, { depth: 0 }), util.inspect(new Map([[{ a: 1 }, 'b']]), { compact: false }));
console.log(util.inspect({ a: 1, b: 'x' }, { colors: true }), util.stripVTControlCharacters('\u001b[31mred\u001b[0m'));
console.log(util.isDeepStrictEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), util.isDeepStrictEqual([1], ['1']), util.types.isDate(new Date()), util.types.isRegExp(/a/), util.types.isPromise(Promise.resolve()), util.types.isMap(new Set()), util.types.isUint8Array(Buffer.alloc(1)), util.types.isAsyncFunction(async () => {}), util.types.isNativeError(new TypeError()));
function old(value, callback) { value ? callback(null, value + 1) : callback(new Error('none')); }
util.promisify(old)(1).then(console.log).then(() => util.promisify(old)(0)).catch((error) => console.log(error.message));
util.callbackify(async (value) => value * 2)(4, (error, value) => console.log('callback', error, value));
function Child() {}
function Parent() {}
Parent.prototype.hello = () => 'hello';
util.inherits(Child, Parent);
console.log(new Child().hello(), Child.super_ === Parent, util.inspect.custom === Symbol.for('nodejs.util.inspect.custom'));
console.log({ [util.inspect.custom]: () => 'custom text' }, { toJSON: () => 1 }, JSON.stringify({ d: new Date(0), u: undefined }));
const ring = { name: 'ring' };
ring.self = ring;
console.log(ring, Array.from({ length: 120 }, (_, at) => at), 'x\ny', ['x\ny'], new Array(7), { a: 'long '.repeat(20), b: 'long '.repeat(3) });
console.group('group');
console.log('inside\ntwo lines');
console.groupEnd();
console.count();
console.count();
console.assert(1 === 1);
