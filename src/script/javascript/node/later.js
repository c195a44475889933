// SPDX-License-Identifier: Apache-2.0
'use strict';

/** Members that are made when one of them is first read, since they cost time and memory; `make` returns an object with them. */
module.exports = function (object, names, make, enumerable = true) {
  for (const name of names) {
    const become = (value) => Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable });
    Object.defineProperty(object, name, {
      get() {
        const value = make()[name];
        // Undefined: the package that makes it asks for it while it is loaded.
        if (value !== undefined) become(value);
        return value;
      },
      set: become,
      configurable: true, enumerable,
    });
  }
  return object;
};
