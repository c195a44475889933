const EventEmitter = require('events');
const { once, on } = EventEmitter;
const emitter = new EventEmitter();
emitter.on('a', (...values) => console.log('a', values));
emitter.prependListener('a', () => console.log('first'));
emitter.once('a', () => console.log('once'));
console.log(emitter.emit('a', 1, 2), emitter.emit('a', 3), emitter.emit('none'), emitter.listenerCount('a'), emitter.eventNames());
try { emitter.emit('error', new Error('unheard')); } catch (error) { console.log(error.message); }
once(emitter, 'b').then((values) => console.log('once b', values));
emitter.emit('b', 7);
(async () => {
  setTimeout(() => { emitter.emit('c', 1); emitter.emit('c', 2); }, 2);
  let count = 0;
  for await (const [value] of on(emitter, 'c')) {
    console.log('c', value);
    if (++count === 2) break;
  }
  console.log(emitter.listenerCount('c'));
})();
const target = new EventTarget();
target.addEventListener('x', (event) => console.log(event.type, event instanceof Event), { once: true });
target.dispatchEvent(new Event('x'));
target.dispatchEvent(new Event('x'));
const controller = new AbortController();
controller.signal.addEventListener('abort', () => console.log('aborted', controller.signal.reason.name, controller.signal.reason.message));
controller.abort();
try { controller.signal.throwIfAborted(); } catch (error) { console.log(error.name, error.code); }
console.log(AbortSignal.abort('why').reason, controller.signal.aborted);
