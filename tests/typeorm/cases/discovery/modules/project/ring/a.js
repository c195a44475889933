// SPDX-License-Identifier: Apache-2.0
exports.first = 1; exports.b = require('./b'); exports.last = 2;
