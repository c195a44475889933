// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Fourth1700000000004 = class Fourth1700000000004 {
  async up(runner) { await runner.query('CREATE TABLE IF NOT EXISTS fourth (id int)'); }

  async down() {}
};
