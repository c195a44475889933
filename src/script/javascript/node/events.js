// SPDX-License-Identifier: Apache-2.0
// Node's events: the package of that name, with what came to Node later.
'use strict';

const { refuse } = require('alkemio-init:host');
const EventEmitter = require('events/');

EventEmitter.EventEmitter = EventEmitter;
EventEmitter.captureRejectionSymbol = Symbol.for('nodejs.rejection');
EventEmitter.errorMonitor = Symbol('events.errorMonitor');
EventEmitter.captureRejections = false;
EventEmitter.getEventListeners = (emitter, name) => emitter.listeners(name);
EventEmitter.getMaxListeners = (emitter) => emitter.getMaxListeners();
EventEmitter.setMaxListeners = (count, ...emitters) => {
  for (const one of emitters) one.setMaxListeners?.(count);
  if (emitters.length === 0) EventEmitter.defaultMaxListeners = count;
};
EventEmitter.addAbortListener = (signal, listener) => {
  if (signal.aborted) queueMicrotask(listener);
  else signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose ?? 'dispose']: () => signal.removeEventListener('abort', listener) };
};
const emit = EventEmitter.prototype.emit;
EventEmitter.prototype.emit = function (name, ...values) {
  // The package's way to a listener is long.
  const listener = name === 'error' ? undefined : this._events?.[name];
  if (typeof listener === 'function') {
    Reflect.apply(listener, this, values);
    return true;
  }
  if (Array.isArray(listener)) {
    for (const one of listener.slice()) Reflect.apply(one, this, values);
    return true;
  }
  if (name === 'error' && this.listenerCount(EventEmitter.errorMonitor) > 0) emit.call(this, EventEmitter.errorMonitor, ...values);
  return emit.call(this, name, ...values);
};
EventEmitter.on = (emitter, name) => {
  const [ready, waiting] = [[], []];
  const take = (...values) => (waiting.length ? waiting.shift().resolve({ value: values, done: false }) : ready.push(values));
  let failure;
  const fail = (error) => {
    failure = error;
    for (const one of waiting.splice(0)) one.reject(error);
  };
  emitter.on(name, take);
  if (name !== 'error') emitter.on('error', fail);
  const end = () => {
    emitter.off(name, take);
    emitter.off('error', fail);
    for (const one of waiting.splice(0)) one.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  };
  return {
    next() {
      if (ready.length) return Promise.resolve({ value: ready.shift(), done: false });
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return: end,
    [Symbol.asyncIterator]() { return this; },
  };
};

module.exports = refuse.fill(EventEmitter, 'events');
