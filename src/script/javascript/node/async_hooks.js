// SPDX-License-Identifier: Apache-2.0
// AsyncLocalStorage as far as one can go without hooks into promises: its store is there until the
// callback returns, and, if that is asynchronous, until its promise is settled. Two such callbacks
// that overlap see the store of the later one.
'use strict';

const { refuse } = require('alkemio-init:host');

class AsyncLocalStorage {
  #store;
  run(store, callback, ...values) {
    const before = this.#store;
    const back = () => { this.#store = before; };
    this.#store = store;
    let result;
    try {
      result = callback(...values);
    } catch (error) {
      back();
      throw error;
    }
    if (typeof result?.then !== 'function') {
      back();
      return result;
    }
    return Promise.prototype.finally.call(Promise.resolve(result), back);
  }
  exit(callback, ...values) { return this.run(undefined, callback, ...values); }
  getStore() { return this.#store; }
  enterWith(store) { this.#store = store; }
  disable() { this.#store = undefined; }
  static bind(callback) { return callback; }
  static snapshot() { return (callback, ...values) => callback(...values); }
}

class AsyncResource {
  constructor(type) { this.type = type; }
  runInAsyncScope(callback, self, ...values) { return callback.apply(self, values); }
  emitDestroy() { return this; }
  asyncId() { return 1; }
  triggerAsyncId() { return 0; }
  bind(callback) { return callback.bind(this); }
  static bind(callback) { return callback; }
}

module.exports = refuse.fill({
  AsyncLocalStorage,
  AsyncResource,
  createHook: () => ({ enable() { return this; }, disable() { return this; } }),
  executionAsyncId: () => 1,
  triggerAsyncId: () => 0,
  executionAsyncResource: () => ({}),
}, 'async_hooks');
