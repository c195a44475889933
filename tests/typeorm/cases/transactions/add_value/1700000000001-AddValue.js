// SPDX-License-Identifier: Apache-2.0
// New values of enums: usable only when their transaction is over.
'use strict';

const notes = require('../notes');

exports.Type1700000000001 = class Type1700000000001 {
  async up(runner) {
    await notes(runner);
    await runner.query(`CREATE TYPE mood AS ENUM ('ok')`);
    await runner.query('CREATE TABLE t (mood mood)');
    if (runner.isTransactionActive) {
      await runner.commitTransaction();
      await runner.startTransaction();
    }
  }

  async down() {}
};

exports.Value1700000000002 = class Value1700000000002 {
  async up(runner) {
    const note = await notes(runner);
    await runner.query(`ALTER TYPE mood ADD VALUE 'bad'`);
    const inside = runner.isTransactionActive;
    await runner.startTransaction();
    await note('at once', async () => {
      try {
        return await runner.query(`INSERT INTO t VALUES ('bad')`);
      } finally {
        await runner.rollbackTransaction();
      }
    });
    if (inside) {
      await runner.commitTransaction();
      await runner.startTransaction();
    }
    await note('afterwards', () => runner.query(`INSERT INTO t VALUES ('bad') RETURNING mood`));
    await runner.query(`ALTER TYPE mood ADD VALUE IF NOT EXISTS 'worse' BEFORE 'bad'`);
    await runner.query(`ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'`);
  }

  async down() {}
};

exports.Replace1700000000003 = class Replace1700000000003 {
  name = 'Replace1700000000003';

  async up(runner) {
    await runner.query(`ALTER TYPE "public"."mood" RENAME TO "mood_old"`);
    await runner.query(`CREATE TYPE "public"."mood" AS ENUM('fine', 'bad', 'best')`);
    await runner.query(`ALTER TABLE "t" ALTER COLUMN "mood" TYPE "public"."mood" USING "mood"::"text"::"public"."mood"`);
    await runner.query(`DROP TYPE "public"."mood_old"`);
    await runner.query(`UPDATE t SET mood = 'best'`);
  }

  async down() {}
};
