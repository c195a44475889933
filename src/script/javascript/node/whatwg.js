// SPDX-License-Identifier: Apache-2.0
// The URL class of the standard, with Node's codes on its errors.
'use strict';

const { URL: Standard, URLSearchParams } = require('whatwg-url-without-unicode');

class URL extends Standard {
  constructor(url, base) {
    try {
      super(...(base === undefined ? [url] : [url, base]));
    } catch {
      throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(url), ...(base === undefined ? {} : { base: String(base) }) });
    }
  }

  static canParse(url, base) {
    try {
      return Boolean(new URL(url, base));
    } catch {
      return false;
    }
  }

  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const fields = {};
    for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) fields[name] = this[name];
    return `URL ${inspect(fields, options)}`;
  }
}

module.exports = { URL, URLSearchParams };
