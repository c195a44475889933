// SPDX-License-Identifier: Apache-2.0
exports.one = class Same1700000000001 { async up() {} };
exports.two = class Same1700000000001 { async up() {} };
exports.three = class Other1700000000002 { async up() {} };
exports.four = class Other1700000000002 { async up() {} };
