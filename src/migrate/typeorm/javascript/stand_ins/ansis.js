// SPDX-License-Identifier: Apache-2.0
// In the place of libraries that colour and format what TypeORM prints: text stays as it is.
'use strict';

const plain = new Proxy((text) => String(text), { get: (target, name) => (name === '__esModule' ? undefined : plain) });

module.exports = plain;
