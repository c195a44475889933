// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    runner.query('ALTER TABLE first ADD COLUMN a int');
    await Promise.all(['nowhere', 'first'].map((name) => runner.query(`ALTER TABLE ${name} ADD COLUMN b int`)));
    await runner.query('ALTER TABLE first ADD COLUMN c int');
  }

  async down() {}
};
