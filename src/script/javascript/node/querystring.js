// SPDX-License-Identifier: Apache-2.0
// Node's querystring: the package querystring-es3.
'use strict';

const { refuse } = require('alkemio-init:host');
const { parse, stringify, ...rest } = require('querystring-es3');

const plain = (...values) => Object.assign(Object.create(null), parse(...values));

module.exports = refuse.fill({ ...rest, stringify, encode: stringify, parse: plain, decode: plain }, 'querystring');
