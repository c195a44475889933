// SPDX-License-Identifier: Apache-2.0
const missing = require('./not-there');

module.exports.Broken1700000000001 = class { async up() { missing(); } };
