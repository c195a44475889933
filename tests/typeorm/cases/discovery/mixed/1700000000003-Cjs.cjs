// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Cjs1700000000003 = class {
  name = 'Cjs1700000000003';

  async up(runner) { await require('../tell')(runner, 'cjs', [this.name, __filename.split('/').pop(), __dirname.split('/').pop()]); }

  async down() {}
};
