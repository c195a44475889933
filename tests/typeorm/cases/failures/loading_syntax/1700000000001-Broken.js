// SPDX-License-Identifier: Apache-2.0
module.exports.Broken1700000000001 = class {
  async up(runner) { await runner.query('SELECT 1' }
};
