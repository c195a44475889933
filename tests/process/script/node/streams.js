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
