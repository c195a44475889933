// SPDX-License-Identifier: Apache-2.0
// Node's globals. What costs time to load is loaded when it is first read.
'use strict';

module.exports = function (host, loader, refuse, { process, timers, console }) {
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  const later = (name, make) => Object.defineProperty(globalThis, name, {
    get() {
      const value = make();
      // Undefined: the package that makes it asks for it while it is loaded.
      if (value !== undefined) define(name, value);
      return value;
    },
    set(value) { define(name, value); },
    configurable: true,
    enumerable: false,
  });

  define('global', globalThis);
  define('process', process);
  define('console', console);
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate']) define(name, timers[name]);
  define('queueMicrotask', (callback) => host.microtask(callback));

  const start = host.nanoseconds();
  const now = () => Number(host.nanoseconds() - start) / 1e6;
  const timeOrigin = Date.now();
  const entry = (name, startTime, duration, entryType) => ({ name, startTime, duration, entryType, detail: null });
  define('performance', {
    now,
    timeOrigin,
    mark: (name) => entry(name, now(), 0, 'mark'),
    measure: (name) => entry(name, 0, now(), 'measure'),
    clearMarks() {}, clearMeasures() {},
    getEntries: () => [], getEntriesByName: () => [], getEntriesByType: () => [],
    timerify: (callback) => callback,
    eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }),
    toJSON: () => ({ timeOrigin }),
  });

  later('Buffer', () => loader.builtin('buffer').Buffer);
  for (const name of ['atob', 'btoa', 'Blob']) later(name, () => loader.builtin('buffer')[name]);
  for (const name of ['TextEncoder', 'TextDecoder']) later(name, () => loader.builtin('util')[name]);
  for (const name of ['URL', 'URLSearchParams']) later(name, () => loader.internal('whatwg')[name]);
  for (const name of ['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'DOMException']) later(name, () => loader.internal('web')[name]);
  later('structuredClone', () => loader.internal('web').structuredClone);
  later('crypto', () => loader.builtin('crypto').webcrypto);
  for (const name of ['fetch', 'Headers', 'Request', 'Response', 'FormData', 'MessageChannel', 'MessagePort',
    'BroadcastChannel', 'WebAssembly', 'CompressionStream', 'DecompressionStream', 'ReadableStream', 'WritableStream', 'TransformStream']) {
    later(name, () => refuse.refused(name));
  }

  // V8's, which libraries call without asking. QuickJS gives an error its stack when it is made.
  Error.captureStackTrace ??= (target) => {
    const stack = String(new Error().stack).split('\n').slice(1).join('\n');
    Object.defineProperty(target, 'stack', { value: stack, writable: true, configurable: true, enumerable: false });
  };
  Error.stackTraceLimit ??= 10;
};
