// SPDX-License-Identifier: Apache-2.0
// Node's globals. What costs time to load is loaded when it is first read.
'use strict';

const later = require('./later.js');

module.exports = function (host, loader, refuse, { process, timers, console }) {
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  const lazily = (names, make) => later(globalThis, names, make, false);

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

  lazily(['Buffer', 'atob', 'btoa', 'Blob'], () => loader.builtin('buffer'));
  lazily(['TextEncoder', 'TextDecoder'], () => loader.builtin('util'));
  lazily(['URL', 'URLSearchParams'], () => loader.internal('whatwg'));
  lazily(['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'DOMException', 'structuredClone'], () => loader.internal('web'));
  lazily(['crypto'], () => ({ crypto: loader.builtin('crypto').webcrypto }));
  for (const name of ['fetch', 'Headers', 'Request', 'Response', 'FormData', 'MessageChannel', 'MessagePort',
    'BroadcastChannel', 'WebAssembly', 'CompressionStream', 'DecompressionStream', 'ReadableStream', 'WritableStream', 'TransformStream']) {
    lazily([name], () => ({ [name]: refuse.refused(name) }));
  }

  // V8's, which libraries call without asking. QuickJS gives an error its stack when it is made.
  Error.captureStackTrace ??= (target) => {
    const stack = String(new Error().stack).split('\n').slice(1).join('\n');
    Object.defineProperty(target, 'stack', { value: stack, writable: true, configurable: true, enumerable: false });
  };
  Error.stackTraceLimit ??= 10;
};
