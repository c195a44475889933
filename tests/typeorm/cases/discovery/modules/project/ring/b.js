// SPDX-License-Identifier: Apache-2.0
exports.seen = Object.keys(require('./a'));
