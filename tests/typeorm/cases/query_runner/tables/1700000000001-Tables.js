// SPDX-License-Identifier: Apache-2.0
// Tables: made, renamed, cleared, dropped, with all that comes along.
'use strict';

const { Table, TableColumn, TableForeignKey, TableIndex, TableUnique, TableCheck, TableExclusion } = require('typeorm');
const steps = require('../steps');

module.exports.Tables1700000000001 = class Tables1700000000001 {
  async up(runner) {
    const step = await steps(runner);
    await step('author', () => runner.createTable(new Table({
      name: 'author', comment: "who's \"writing\"",
      columns: [
        { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment', comment: 'a number' },
        { name: 'name', type: 'varchar', length: '80', isUnique: true },
        { name: 'born', type: 'timestamp with time zone', precision: 3, default: 'now()', isNullable: true },
        { name: 'rating', type: 'numeric', precision: 5, scale: 2, default: 0 },
        { name: 'tags', type: 'text', isArray: true, default: "'{}'" },
        { name: 'active', type: 'boolean', default: true },
      ],
      indices: [{ columnNames: ['born'] }, { name: 'author_rated', columnNames: ['rating', 'name'], where: '"rating" > 3' }],
      checks: [{ expression: '"rating" >= 0' }, { name: 'short', expression: 'length("name") < 70' }],
      uniques: [{ columnNames: ['name', 'born'] }],
    })));
    await step('book', () => runner.createTable(new Table({
      name: 'book',
      columns: [
        new TableColumn({ name: 'isbn', type: 'char', length: '13', isPrimary: true }),
        { name: 'edition', type: 'smallint', isPrimary: true, default: '1' },
        { name: 'author_id', type: 'int' }, { name: 'title', type: 'character varying', collation: 'C' },
        { name: 'shelf', type: 'int4range', isNullable: true }, { name: 'number', type: 'bigint', isGenerated: true, generationStrategy: 'identity', generatedIdentity: 'ALWAYS' },
        { name: 'length_of_title', type: 'int', asExpression: 'length(title)', generatedType: 'STORED' },
      ],
      foreignKeys: [new TableForeignKey({ columnNames: ['author_id'], referencedTableName: 'author', referencedColumnNames: ['id'], onDelete: 'CASCADE', onUpdate: 'SET NULL', deferrable: 'INITIALLY DEFERRED' })],
      indices: [new TableIndex({ columnNames: ['title'], isUnique: true })], uniques: [new TableUnique({ columnNames: ['number'], deferrable: 'INITIALLY IMMEDIATE' })],
      checks: [new TableCheck({ columnNames: ['edition'], expression: 'edition > 0' })], exclusions: [new TableExclusion({ expression: 'USING gist ("shelf" WITH &&)' })],
    }), true));
    await step('if not exists', () => runner.createTable(new Table({ name: 'book', columns: [{ name: 'x', type: 'int' }] }), true));
    await step('without keys and indices', () => runner.createTable(new Table({
      name: 'plain', columns: [{ name: 'id', type: 'uuid', isPrimary: true, isGenerated: true, generationStrategy: 'uuid' }, { name: 'author_id', type: 'int' }],
      foreignKeys: [{ columnNames: ['author_id'], referencedTableName: 'author', referencedColumnNames: ['id'] }], indices: [{ columnNames: ['author_id'] }],
    }), false, false, false));
    await step('without identity', () => runner.createTable(new Table({
      name: 'plain', columns: [{ name: 'a', type: 'int' }, { name: 'author_id', type: 'int', foreignKeyConstraintName: 'mine' }],
      foreignKeys: [{ columnNames: ['author_id'], referencedTableName: 'author', referencedColumnNames: ['id'] }], indices: [{ columnNames: ['author_id'] }],
    }), false, false, false));
    await step('exists', () => runner.createTable(new Table({ name: 'author', columns: [{ name: 'x', type: 'int' }] })));
    await step('no columns', () => runner.createTable(new Table({ name: 'empty', columns: [] })));
    await step('odd names', () => runner.createTable(new Table({ name: 'Ödd "name"', columns: [{ name: 'a b', type: 'int', isPrimary: true, primaryKeyConstraintName: 'pk odd' }, { name: 'select', type: 'text', isUnique: true }] })));
    await step('insert', () => runner.query("INSERT INTO author (name, born) VALUES ('a', '2024-01-01 00:00:00.1234Z'), ('b', NULL) RETURNING id"));
    await step('insert', () => runner.query("INSERT INTO book (isbn, author_id, title) VALUES ('1', 1, 'One'), ('2', 2, 'Two') RETURNING number, length_of_title"));
    await step('rename', () => runner.renameTable('author', 'writer'));
    await step('rename with odd name', () => runner.renameTable('book', 'Tome'));
    await step('rename to what exists', () => runner.renameTable('plain', 'writer'));
    await step('rename what is missing', () => runner.renameTable('nothing', 'something'));
    await step('rename by the table', async () => runner.renameTable(await runner.getTable('plain'), 'plain2'));
    await step('has', async () => [await runner.hasTable('writer'), await runner.hasTable('author'), await runner.hasTable('public.writer'), await runner.hasTable('other.writer'), await runner.hasColumn('writer', 'name'), await runner.hasColumn('writer', 'nothing'), await runner.hasColumn('nothing', 'x')]);
    if (runner.changeTableComment) {
      await step('comment', () => runner.changeTableComment('writer', "new 'comment'"));
      await step('comment gone', () => runner.changeTableComment('Tome', undefined));
    }
    await step('clear referenced', () => runner.clearTable('writer'));
    await step('clear', () => runner.clearTable('Tome'));
    await step('count', () => runner.query('SELECT (SELECT count(*) FROM writer) AS writers, (SELECT count(*) FROM "Tome") AS tomes'));
    await step('drop what is missing', () => runner.dropTable('nothing'));
    await step('drop if exists', () => runner.dropTable('nothing', true));
    await step('drop referenced', () => runner.dropTable('writer'));
    await step('drop with keys', () => runner.dropTable('plain2', true, true, true));
    await step('drop by table', async () => runner.dropTable(await runner.getTable('empty')));
    await step('tables', async () => (await runner.getTables()).map((table) => table.name).sort());
  }

  async down(runner) {
    await runner.dropTable('Tome');
    await runner.dropTable('writer');
    await runner.query('DROP TABLE seen; DROP TABLE "Ödd ""name"""');
  }
};
