// SPDX-License-Identifier: Apache-2.0
'use strict';

module.exports = function (host, loader) {
  const counts = new Map();
  const since = new Map();
  let depth = 0;

  // Plain text needs no formatter, which costs a few milliseconds to load.
  function text(values) {
    if (values.length === 1 && typeof values[0] === 'string') return values[0];
    return loader.builtin('util').format(...values);
  }

  function print(level, values) {
    const indent = '  '.repeat(depth);
    host.write(level, text(values).split('\n').map((line) => `${indent}${line}\n`).join(''));
  }

  const elapsed = (label) => `${label}: ${(performance.now() - since.get(label)).toFixed(3)}ms`;
  const console = {
    log: (...values) => print('info', values),
    info: (...values) => print('info', values),
    debug: (...values) => print('debug', values),
    warn: (...values) => print('warn', values),
    error: (...values) => print('error', values),
    trace: (...values) => print('error', ['Trace: ' + text(values) + '\n' + new Error().stack]),
    dir: (value, options) => print('info', [loader.builtin('util').inspect(value, { customInspect: false, ...options })]),
    dirxml: (...values) => print('info', values),
    assert(condition, ...values) {
      if (!condition) print('warn', values.length ? ['Assertion failed: ' + text(values)] : ['Assertion failed']);
    },
    count(label = 'default') {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      print('info', [`${label}: ${counts.get(label)}`]);
    },
    countReset: (label = 'default') => void counts.delete(label),
    group(...values) {
      if (values.length) print('info', values);
      ++depth;
    },
    groupEnd() { depth = Math.max(0, depth - 1); },
    table: (value) => print('info', [value]),
    time: (label = 'default') => void since.set(label, performance.now()),
    timeLog(label = 'default', ...values) { if (since.has(label)) print('info', [elapsed(label), ...values]); },
    timeEnd(label = 'default') {
      if (since.has(label)) print('info', [elapsed(label)]);
      since.delete(label);
    },
  };
  console.groupCollapsed = console.group;
  console.Console = class Console { constructor() { Object.assign(this, console); } };
  return console;
};
