const { Readable, Writable, Transform, PassThrough, pipeline, finished } = require('stream');
const { pipeline: promised } = require('stream/promises');
const upper = () => new Transform({ transform(chunk, encoding, done) { done(null, String(chunk).toUpperCase()); } });
(async () => {
  const out = [];
  const sink = new Writable({ write(chunk, encoding, done) { out.push(String(chunk)); done(); } });
  await promised(Readable.from(['a', 'b', 'c']), upper(), sink);
  console.log(out);
  for await (const chunk of Readable.from([1, 2]).map((value) => value * 2)) console.log(chunk);
  await promised(Readable.from(['x']), new Transform({ transform(chunk, encoding, done) { done(new Error('broken pipe')); } }), new PassThrough()).catch((error) => console.log(error.message));
  pipeline(Readable.from(['q']), upper(), async (source) => { for await (const chunk of source) console.log(String(chunk)); }, (error) => console.log('done', error));
  const closed = new PassThrough();
  finished(closed, (error) => console.log('finished', error && error.code));
  closed.destroy();
})();
const assert = require('assert');
for (const check of [() => assert.ok(0, 'zero'), () => assert.strictEqual(1, 1), () => assert.deepStrictEqual({ a: [1] }, { a: [1] }), () => assert.deepEqual([1], ['1']), () => assert.throws(() => { throw new TypeError('t'); }, TypeError), () => assert.notStrictEqual(1, 1, 'same'), () => assert.fail('failed')]) {
  try { check(); console.log('holds'); } catch (error) { console.log(error.name, error.code, error.message); }
}
assert.rejects(Promise.reject(new Error('r')), /r/).then(() => console.log('rejected'));
// As libraries of old (readable-stream 2 and 3) use it: the class that all streams derive from, called without new.
const Stream = require('stream');
console.log(Stream === Stream.Stream, Stream === Stream.Readable, Stream.name, Readable.prototype instanceof Stream);
function Old() { Stream.call(this); }
require('util').inherits(Old, Stream);
const old = new Old();
console.log(Object.keys(old).includes('_readableState'), old.pipe === Stream.prototype.pipe, old instanceof require('events'));
old.pipe(new Writable({ write(chunk, encoding, done) { console.log('old', String(chunk)); done(); } }));
old.emit('data', Buffer.from('data'));
