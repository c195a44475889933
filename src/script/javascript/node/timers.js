// SPDX-License-Identifier: Apache-2.0
'use strict';

const inspect = Symbol.for('nodejs.util.promisify.custom');

module.exports = function (host) {
  class Timeout {
    #id;
    #held = true;
    #again;

    constructor(callback, delay, every, values) {
      if (typeof callback !== 'function') {
        const error = new TypeError(`The "callback" argument must be of type function. Received ${callback === null ? 'null' : typeof callback}`);
        error.code = 'ERR_INVALID_ARG_TYPE';
        throw error;
      }
      let wait = Number(delay);
      if (!(wait >= 1 && wait <= 2147483647)) wait = 1;
      const run = () => callback.apply(this, values);
      this.#again = () => {
        this.#id = host.timer(run, Math.trunc(wait), every);
        if (!this.#held) host.hold(this.#id, false);
      };
      this.#again();
    }

    ref() { this.#held = true; host.hold(this.#id, true); return this; }
    unref() { this.#held = false; host.hold(this.#id, false); return this; }
    hasRef() { return this.#held; }
    refresh() { host.cancel(this.#id); this.#again(); return this; }
    close() { host.cancel(this.#id); return this; }
    [Symbol.toPrimitive]() { return this.#id; }
  }

  class Immediate {
    #id;
    constructor(callback, values) { this.#id = host.immediate(() => callback(...values)); }
    ref() { return this; }
    unref() { return this; }
    hasRef() { return true; }
    [Symbol.toPrimitive]() { return this.#id; }
  }

  const clear = (timer) => {
    if (timer === undefined || timer === null) return;
    const id = Number(timer);
    if (!Number.isNaN(id)) host.cancel(id);
  };
  const timers = {
    setTimeout: (callback, delay, ...values) => new Timeout(callback, delay, false, values),
    setInterval: (callback, delay, ...values) => new Timeout(callback, delay, true, values),
    setImmediate: (callback, ...values) => new Immediate(callback, values),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  const promises = {
    setTimeout: (delay, value) => new Promise((resolve) => timers.setTimeout(resolve, delay, value)),
    setImmediate: (value) => new Promise((resolve) => timers.setImmediate(resolve, value)),
    async *setInterval(delay, value) {
      while (true) {
        await promises.setTimeout(delay);
        yield value;
      }
    },
  };
  promises.scheduler = { wait: promises.setTimeout, yield: promises.setImmediate };
  timers.setTimeout[inspect] = promises.setTimeout;
  timers.setImmediate[inspect] = promises.setImmediate;
  timers.promises = promises;
  return timers;
};
