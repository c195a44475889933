// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.query('ALTER TABLE first ADD COLUMN a text DEFAULT pg_sleep(0.2)::text');
    await runner.query('ALTER TABLE first ADD COLUMN b int');
    await runner.query('ALTER TABLE nowhere ADD COLUMN a int');
    await runner.query('ALTER TABLE first ADD COLUMN c int');
  }

  async down() {}
};
