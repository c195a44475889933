// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Fifth1700000000005 = class Fifth1700000000005 {
  async up(runner) { await runner.query('CREATE TABLE IF NOT EXISTS fifth (id int)'); }

  async down() {}
};
