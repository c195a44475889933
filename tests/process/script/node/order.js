// Each timer starts the next: two that are due at once would show how busy the machine is.
setTimeout(() => {
  console.log('timeout 1');
  Promise.resolve().then(() => console.log('job after timeout 1'));
  process.nextTick(() => console.log('tick after timeout 1'));
  setImmediate(() => {
    console.log('immediate after timeout 1');
    setTimeout(later, 5);
  });
}, 1);
let count = 0;
function later() {
  setTimeout(() => console.log('timeout 1 is due before'), 1);
  setTimeout(() => console.log('timeout 400 started before interval'), 400);
  const every = setInterval(() => {
    console.log('interval', ++count);
    if (count === 2) clearInterval(every);
    if (count === 2) last();
  }, 600);
}
clearTimeout(setTimeout(() => console.log('never'), 5));
clearImmediate(setImmediate(() => console.log('never')));
setTimeout(() => console.log('never either'), 100000).unref();
process.nextTick((one, two) => console.log('tick', one, two), 1, 2);
process.nextTick(() => {
  Promise.resolve().then(() => console.log('job of tick'));
  process.nextTick(() => console.log('tick of tick'));
});
Promise.resolve().then(() => {
  console.log('job');
  process.nextTick(() => console.log('tick of job'));
}).then(() => console.log('job of job'));
queueMicrotask(() => console.log('microtask'));
(async () => {
  console.log('async begins');
  await null;
  console.log('async goes on');
  for await (const value of (async function* () { yield 1; yield 2; })()) console.log('yielded', value);
})();
async function last() {
  await require('timers/promises').setTimeout(5);
  console.log(await require('timers/promises').setImmediate('value of immediate'));
  console.log(await require('util').promisify(setTimeout)(2, 'value of timeout'));
}
console.log('end of script');
