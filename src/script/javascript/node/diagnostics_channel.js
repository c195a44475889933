// SPDX-License-Identifier: Apache-2.0
'use strict';

const { refuse } = require('alkemio-init:host');

class Channel {
  #subscribers = [];
  constructor(name) { this.name = name; }
  get hasSubscribers() { return this.#subscribers.length > 0; }
  subscribe(callback) { this.#subscribers.push(callback); }
  unsubscribe(callback) {
    const at = this.#subscribers.indexOf(callback);
    if (at >= 0) this.#subscribers.splice(at, 1);
    return at >= 0;
  }
  publish(message) { for (const callback of [...this.#subscribers]) callback(message, this.name); }
  bindStore() {}
  unbindStore() {}
  runStores(message, callback, self, ...values) {
    this.publish(message);
    return callback.apply(self, values);
  }
}

const channels = new Map();
function channel(name) {
  if (!channels.has(name)) channels.set(name, new Channel(name));
  return channels.get(name);
}

function tracingChannel(name) {
  const traced = {};
  for (const event of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) traced[event] = channel(`tracing:${name}:${event}`);
  const plain = (callback, context, self, ...values) => callback.apply(self, values);
  return Object.assign(traced, { hasSubscribers: false, traceSync: plain, tracePromise: plain,
    traceCallback: (callback, position, context, self, ...values) => callback.apply(self, values), subscribe() {}, unsubscribe() {} });
}

module.exports = refuse.fill({
  Channel, channel, tracingChannel,
  hasSubscribers: (name) => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name, callback) => channel(name).subscribe(callback),
  unsubscribe: (name, callback) => channel(name).unsubscribe(callback),
}, 'diagnostics_channel');
