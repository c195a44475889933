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

  /** A function that throws when it is called or constructed; its members are such functions too. */
  function refused(name, members = {}) {
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
        if (key === 'default') return refused(name, members);
        if (key in Function.prototype) return target[key];
        if (!children.has(key)) children.set(key, refused(`${name}.${key}`));
        return children.get(key);
      },
      set(_, key, value) {
        members[key] = value;
        return true;
      },
      has: (_, key) => key in members,
    });
  }

  /** A module of ours, which answers for those of Node's functions that it lacks with refused ones. */
  function fill(exports, module) {
    const missing = new Map();
    let known;
    const lacks = (key) => {
      if (typeof key === 'symbol' || key in Object.prototype || key === 'then' || key === '__esModule' || key === 'toJSON') return false;
      known ??= new Set(api(module));
      return known.has(key);
    };
    return Object.setPrototypeOf(exports, new Proxy(Object.getPrototypeOf(exports) ?? {}, {
      has: (target, key) => key in target || lacks(key),
      get(target, key, receiver) {
        if (key in target || !lacks(key)) return Reflect.get(target, key, receiver);
        if (!missing.has(key)) missing.set(key, refused(`${module}.${key}`));
        return missing.get(key);
      },
    }));
  }

  return { unavailable, refused, fill };
};
