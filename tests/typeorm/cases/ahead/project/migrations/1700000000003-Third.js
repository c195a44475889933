// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Third1700000000003 = class Third1700000000003 {
  async up(runner) { await runner.query('CREATE TABLE third (id int)'); }

  async down() {}
};
