// SPDX-License-Identifier: Apache-2.0
// Which of Node's modules there are.
'use strict';

const ours = ['assert', 'assert/strict', 'async_hooks', 'buffer', 'console', 'constants', 'crypto', 'diagnostics_channel', 'events', 'fs',
  'fs/promises', 'module', 'os', 'path', 'path/posix', 'perf_hooks', 'process', 'punycode', 'querystring', 'stream', 'stream/promises',
  'string_decoder', 'sys', 'timers', 'timers/promises', 'tty', 'url', 'util', 'util/types'];

// Those that throw when they are used, with what may be read of them all the same.
const refused = {
  child_process: {}, cluster: { isMaster: true, isPrimary: true, isWorker: false }, dgram: {}, dns: {}, 'dns/promises': {}, domain: {},
  http: { METHODS: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'], STATUS_CODES: {} }, http2: { constants: {} }, https: {},
  inspector: {}, net: { isIP: ip, isIPv4: (text) => ip(text) === 4, isIPv6: (text) => ip(text) === 6 }, 'path/win32': {}, readline: {},
  'readline/promises': {}, repl: {}, sqlite: {}, 'stream/consumers': {}, 'stream/web': {}, test: {}, tls: { rootCertificates: [] },
  trace_events: {}, v8: {}, vm: {}, wasi: {},
  worker_threads: { isMainThread: true, parentPort: null, threadId: 0, workerData: null }, zlib: { constants: {} },
};

function ip(text) {
  const four = /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}$/;
  if (four.test(text)) return 4;
  return /^[0-9a-f:.]+$/i.test(text) && /:/.test(text) && !/:::|::.*::/.test(text) && text.split(':').length <= 8 ? 6 : 0;
}

const known = new Set([...ours, ...Object.keys(refused)]);
// These have no name without "node:".
const prefixed = new Set(['test', 'sqlite']);

module.exports = {
  refused,
  builtinModules: [...known].filter((name) => !prefixed.has(name)).sort(),
  isBuiltin: (name) => (name.startsWith('node:') ? known.has(name.slice(5)) : known.has(name) && !prefixed.has(name)),
};
