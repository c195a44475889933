// SPDX-License-Identifier: Apache-2.0
// In the place of sha.js: OpenSSL's.
'use strict';

module.exports = (name) => require('crypto').createHash(name);
