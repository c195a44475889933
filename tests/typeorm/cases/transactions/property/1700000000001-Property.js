// SPDX-License-Identifier: Apache-2.0
// The property `transaction` of migrations.
'use strict';

const notes = require('../notes');

exports.Without1700000000001 = class Without1700000000001 {
  transaction = false;

  async up(runner) {
    const note = await notes(runner);
    await note('without', runner.isTransactionActive);
    await runner.query('CREATE TABLE t (id int)');
    await runner.query('CREATE INDEX CONCURRENTLY by_id ON t (id)');
  }

  async down() {}
};

exports.With1700000000002 = class With1700000000002 {
  transaction = true;

  async up(runner) {
    const note = await notes(runner);
    await note('with', runner.isTransactionActive);
  }

  async down() {}
};

exports.Default1700000000003 = class Default1700000000003 {
  async up(runner) {
    const note = await notes(runner);
    await note('default', runner.isTransactionActive);
  }

  async down() {}
};

exports.Undefined1700000000004 = class Undefined1700000000004 {
  transaction = undefined;
  name = 'Named1700000000004';

  async up(runner) {
    const note = await notes(runner);
    await note('undefined', [runner.isTransactionActive, this.name]);
  }

  async down() {}
};
