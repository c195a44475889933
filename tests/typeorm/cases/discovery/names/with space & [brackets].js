// SPDX-License-Identifier: Apache-2.0
const tell = require('../tell');

exports.Third = class OfC1700000000000 { async up(runner) { await tell(runner, 'c', __filename.split('/').pop()); } async down() {} };
