// SPDX-License-Identifier: Apache-2.0
'use strict';

const { refuse } = require('alkemio-init:host');

class PerformanceObserver {
  observe() {}
  disconnect() {}
  static supportedEntryTypes = [];
}

module.exports = refuse.fill({ performance: globalThis.performance, PerformanceObserver, constants: {} }, 'perf_hooks');
