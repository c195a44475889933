// SPDX-License-Identifier: Apache-2.0
exports.Broken1700000000001 = class Broken1700000000001 {
  up(runner) { runner.query('CREATE TABLE t (id int)'); }
};
