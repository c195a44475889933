// SPDX-License-Identifier: Apache-2.0
exports.helper = function helper() {};
exports.Fine1700000000001 = class Fine1700000000001 { async up() {} async down() {} };
