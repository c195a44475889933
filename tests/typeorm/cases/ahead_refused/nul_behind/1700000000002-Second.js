// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.query('CREATE TABLE second (id int)');
    await runner.query('CREATE TABLE "x\0y" (id int)');
    await runner.query('SELECT 1');
  }

  async down() {}
};
