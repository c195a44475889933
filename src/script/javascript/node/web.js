// SPDX-License-Identifier: Apache-2.0
// Classes of the web that Node has as globals.
'use strict';

const { Event, EventTarget, defineEventAttribute } = require('event-target-shim');
const { serialize, deserialize } = require('@ungap/structured-clone');

const kCodes = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, AbortError: 20, TimeoutError: 23, DataCloneError: 25 };

class DOMException extends Error {
  #name;
  constructor(message = '', name = 'Error') {
    super(message);
    this.#name = typeof name === 'object' ? name.name ?? 'Error' : name;
  }
  get name() { return this.#name; }
  get code() { return kCodes[this.#name] ?? 0; }
  get [Symbol.toStringTag]() { return 'DOMException'; }
}

const aborted = () => new DOMException('This operation was aborted', 'AbortError');
const abort = Symbol('abort');

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  [abort](reason = aborted()) {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.dispatchEvent(new Event('abort'));
  }
  static abort(reason) {
    const signal = new AbortSignal();
    signal[abort](reason);
    return signal;
  }
  static timeout(delay) {
    const signal = new AbortSignal();
    setTimeout(() => signal[abort](new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay).unref();
    return signal;
  }
  static any(signals) {
    const signal = new AbortSignal();
    for (const one of signals) {
      if (one.aborted) signal[abort](one.reason);
      else one.addEventListener('abort', () => signal[abort](one.reason), { once: true });
    }
    return signal;
  }
}
defineEventAttribute(AbortSignal.prototype, 'abort');

class AbortController {
  #signal = new AbortSignal();
  get signal() { return this.#signal; }
  abort(reason) { this.#signal[abort](reason); }
}

function structuredClone(value) {
  try {
    return deserialize(serialize(value));
  } catch (error) {
    throw error instanceof TypeError ? new DOMException(error.message, 'DataCloneError') : error;
  }
}

module.exports = { Event, EventTarget, AbortController, AbortSignal, DOMException, structuredClone };
