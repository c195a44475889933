// SPDX-License-Identifier: Apache-2.0
// Three migrations, of which the second one fails as it is told.
'use strict';

exports.three = (up, more = {}) => ({
  First1700000000001: class First1700000000001 {
    async up(runner) {
      await runner.query('CREATE TABLE first (id int PRIMARY KEY, name text NOT NULL CONSTRAINT named CHECK (length(name) < 5))');
      await runner.query(`INSERT INTO first VALUES (1, 'one')`);
    }

    async down() {}
  },
  Second1700000000002: class Second1700000000002 {
    constructor() { Object.assign(this, more); }

    async up(runner) {
      await runner.query('CREATE TABLE second (id int)');
      await up(runner);
      await runner.query('CREATE TABLE second_too (id int)');
    }

    async down() {}
  },
  Third1700000000003: class Third1700000000003 {
    async up(runner) { await runner.query('CREATE TABLE third (id int)'); }

    async down() {}
  },
});
