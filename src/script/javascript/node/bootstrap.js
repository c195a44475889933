// SPDX-License-Identifier: Apache-2.0
// The first script of each engine: Node's globals, and the loader. `module.exports(host)` gets the
// functions of C++ (src/script/host.cpp) and answers with what C++ calls.
'use strict';

module.exports = function boot(host) {
  require('./date.js')();
  const refuse = require('./refuse.js')(host, (module) => loader.internal('api')[module] ?? []);
  const loader = require('./loader.js')(host, refuse);
  const timers = require('./timers.js')(host);
  const process = require('./process.js')(host, loader, refuse);
  loader.provide('alkemio-init:host', { host, refuse });
  loader.provide('process', process);
  loader.provide('timers', timers);
  const console = require('./console.js')(host, loader);
  loader.provide('console', console);
  require('./globals.js')(host, loader, refuse, { process, timers, console });

  return {
    require: loader.requireFromProject,
    importModule: loader.importFromProject,
    runMain: loader.runMain,
    resolveModule: loader.resolveModule,
    loadModule: loader.loadModule,
    exportsOf: loader.exportsOf,
    bufferOf: (bytes) => loader.builtin('buffer').Buffer.from(bytes),
    // An exception or rejection that nothing caught: whether the script listens for it.
    uncaught: (error, event, promise) => process.emitUncaught(event, error, promise),
  };
};
