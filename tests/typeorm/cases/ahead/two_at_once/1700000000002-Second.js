// SPDX-License-Identifier: Apache-2.0
// Other migrations' ups, called by this one; the ledger has them afterwards as if each had run.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const both = runner.connection.migrations.filter((one) => /Fourth|Fifth/.test(one.constructor.name));
    await Promise.all(both.map((one) => one.up(runner)));
  }

  async down() {}
};
