// SPDX-License-Identifier: Apache-2.0
// A migration that commits and begins again by itself, on the runner that it was given.
'use strict';

const notes = require('../notes');

exports.Own1700000000001 = class Own1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    await note('active', runner.isTransactionActive);
    if (runner.isTransactionActive) {
      await runner.commitTransaction();
      await note('committed', runner.isTransactionActive);
      await note('committed twice', () => runner.commitTransaction());
      await note('rolled back', () => runner.rollbackTransaction());
    }
    await runner.query('CREATE TABLE one (id int)');
    await runner.startTransaction();
    await runner.query('INSERT INTO one VALUES (1)');
    await runner.rollbackTransaction();
    await note('empty', await runner.query('SELECT * FROM one'));
    await runner.startTransaction();
    await runner.query('INSERT INTO one VALUES (2)');
    await runner.commitTransaction();
    await note('full', await runner.query('SELECT * FROM one'));
    await runner.startTransaction();
    await runner.query('INSERT INTO one VALUES (3)');
  }

  async down() {}
};

exports.Next1700000000002 = class Next1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    await note('next', [runner.isTransactionActive, await runner.query('SELECT * FROM one')]);
  }

  async down() {}
};
