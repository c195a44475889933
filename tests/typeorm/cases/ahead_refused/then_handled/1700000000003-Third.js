// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Third1700000000003 = class Third1700000000003 {
  async up(runner) {
    try {
      await runner.query('CREATE TABLE third (id int)');
    } catch {
      await runner.query('CREATE TABLE instead (id int)');
    }
  }

  async down() {}
};
