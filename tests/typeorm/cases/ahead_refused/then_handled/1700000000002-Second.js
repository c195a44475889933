// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) { await runner.query('ALTER TABLE nowhere ADD COLUMN a int'); }

  async down() {}
};
