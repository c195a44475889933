// SPDX-License-Identifier: Apache-2.0
exports.Table1700000000001 = class Table1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE t AS SELECT 1 AS one'); }

  async down() {}
};
