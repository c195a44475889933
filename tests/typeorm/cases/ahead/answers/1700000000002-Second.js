// SPDX-License-Identifier: Apache-2.0
// What scripts see of statements whose answers are known beforehand, and of their like.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const answers = [];
    answers.push(await runner.query('CREATE TABLE second (id int)'));
    answers.push(await runner.query('ALTER TABLE second ADD COLUMN a int DEFAULT 5'));
    answers.push(await runner.query('CREATE TABLE made AS SELECT n FROM generate_series(1, 3) AS n'));
    answers.push(await runner.query(`CREATE TYPE mood AS ENUM ('good', 'bad')`));
    answers.push(await runner.query('CREATE SEQUENCE numbers'));
    answers.push(await runner.query('CREATE INDEX ON second (a)'));
    answers.push(await runner.query('CREATE MATERIALIZED VIEW seen AS SELECT * FROM made'));
    answers.push(await runner.query('CREATE SCHEMA of_its_own CREATE TABLE inner_one (id int)'));
    answers.push(await runner.query('/* first */ DROP SEQUENCE numbers; -- last'));
    answers.push(await runner.query('COMMENT ON TABLE second IS NULL'));
    answers.push(await runner.query('ALTER TABLE second ADD COLUMN b int; SELECT 1 AS one'));
    answers.push(await runner.query('CREATE TABLE third_one (id int)', undefined, true));
    answers.push(await runner.query('DROP TABLE third_one', [], true));
    await runner.query(`INSERT INTO first VALUES (2, $1)`, [JSON.stringify(answers)]);
  }

  async down() {}
};
