// SPDX-License-Identifier: Apache-2.0
class Twice1700000000007 { async up(runner) { await require('../tell')(runner, 'twice', 1); } async down() {} }
module.exports = Twice1700000000007;
module.exports.name2 = 'x';
