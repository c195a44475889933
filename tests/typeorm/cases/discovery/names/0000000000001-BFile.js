// SPDX-License-Identifier: Apache-2.0
const tell = require('../tell');

exports.First = class OfB1700000000000 { async up(runner) { await tell(runner, 'b', this.constructor.name); } async down() {} };
