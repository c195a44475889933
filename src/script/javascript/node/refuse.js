// SPDX-License-Identifier: Apache-2.0
// Parts of Node that are not here. Many libraries load or extend them without ever calling them, so
// they can be read, passed around and extended; they throw by name when they are used.
'use strict';

module.exports = function (host, api) {
  function unavailable(name) {
    const out = host.wayOut ? `; ${host.wayOut}` : '';
    const error = new Error(`${name} is not available to scripts inside alkemio-init${out}`);
    error.code = 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';
    return error;
  }

  /** A function that throws when it is called or constructed; its members are such functions too. `keys`: of those that it has. */
  function refused(name, members = {}, keys = () => []) {
    const target = function () {};
    const children = new Map();
    return new Proxy(target, {
      apply() { throw unavailable(name); },
      construct() { throw unavailable(name); },
      get(_, key) {
        if (Object.hasOwn(members, key)) return members[key];
        if (key === 'prototype') return target.prototype;
        if (key === 'name') return name.split('.').at(-1);
        // Not a promise, not an ES module in disguise, nothing to convert.
        if (typeof key === 'symbol' || key === 'then' || key === '__esModule') return undefined;
        if (key === 'default') return refused(name, members, keys);
        if (key in Function.prototype) return target[key];
        if (!children.has(key)) children.set(key, refused(`${name}.${key}`));
        return children.get(key);
      },
      set(_, key, value) {
        members[key] = value;
        return true;
      },
      has: (_, key) => key in members,
      // Compiled code (`import * as net`) copies what a module has of its own.
      ownKeys: () => [...new Set([...Reflect.ownKeys(target), ...Object.keys(members), ...keys()])],
      getOwnPropertyDescriptor(_, key) {
        const own = Reflect.getOwnPropertyDescriptor(target, key);
        if (own || !(Object.hasOwn(members, key) || keys().includes(key))) return own;
        return { value: this.get(target, key), writable: true, configurable: true, enumerable: true };
      },
    });
  }

  /**
   * A module of ours, which has those of Node's functions that it lacks as refused ones. They are its own, since compiled code
   * (`import * as fs`) copies what a module has of its own.
   */
  function fill(exports, module) {
    for (const key of api(module)) {
      if (key in exports) continue;
      const become = (value) => Object.defineProperty(exports, key, { value, writable: true, configurable: true, enumerable: true });
      Object.defineProperty(exports, key, {
        get: () => become(refused(`${module}.${key}`))[key],
        set: become,
        configurable: true, enumerable: true,
      });
    }
    return exports;
  }

  /** One of Node's modules that is not here at all. */
  const lacking = (module, members) => refused(module, members, () => api(module));

  return { unavailable, refused, lacking, fill };
};
