// SPDX-License-Identifier: Apache-2.0
exports.Missing1700000000001 = class Missing1700000000001 {
  async up(runner) { await runner.query('CREATE TABLE t (id int)'); }
};
