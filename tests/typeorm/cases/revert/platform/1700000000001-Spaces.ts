// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner, Table, TableColumn, TableForeignKey, TableIndex, TableUnique } from 'typeorm';

export class Spaces1700000000001 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(new Table({
      name: 'space', columns: [
        { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'name', type: 'varchar', length: '80', isUnique: true },
        { name: 'kind', type: 'enum', enum: ['open', 'closed'], default: "'open'" },
      ], indices: [{ columnNames: ['kind'] }],
    }));
    await runner.query(`INSERT INTO space (name) VALUES ('one'), ('two')`);
  }

  public async down(runner: QueryRunner): Promise<void> { await runner.dropTable('space'); }
}

export class Members1700000000002 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(new Table({ name: 'member', columns: [{ name: 'id', type: 'int', isPrimary: true }, { name: 'space_id', type: 'int' }] }));
    await runner.createForeignKey('member', new TableForeignKey({ columnNames: ['space_id'], referencedTableName: 'space', referencedColumnNames: ['id'], onDelete: 'CASCADE' }));
    await runner.createIndex('member', new TableIndex({ columnNames: ['space_id'] }));
    await runner.query('INSERT INTO member VALUES ($1, $2)', [1, 1]);
  }

  public async down(runner: QueryRunner): Promise<void> {
    const table = (await runner.getTable('member'))!;
    await runner.dropForeignKeys(table, table.foreignKeys);
    await runner.dropTable(table);
  }
}

export class Names1700000000003 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> {
    await runner.renameTable('member', 'contributor');
    await runner.renameColumn('contributor', 'space_id', 'home_id');
    await runner.addColumn('contributor', new TableColumn({ name: 'nick', type: 'varchar', isNullable: true, comment: "what they're called" }));
    await runner.createUniqueConstraint('contributor', new TableUnique({ columnNames: ['nick'] }));
    await runner.changeColumn('space', 'kind', new TableColumn({ name: 'kind', type: 'enum', enum: ['open', 'closed', 'hidden'], default: "'open'" }));
  }

  public async down(runner: QueryRunner): Promise<void> {
    await runner.changeColumn('space', 'kind', new TableColumn({ name: 'kind', type: 'enum', enum: ['open', 'closed'], default: "'open'" }));
    await runner.dropColumn('contributor', 'nick');
    await runner.renameColumn('contributor', 'home_id', 'space_id');
    await runner.renameTable('contributor', 'member');
  }
}

export class Data1700000000004 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> {
    for (const { id, name } of await runner.query('SELECT id, name FROM space ORDER BY id')) await runner.query('UPDATE space SET name = $1 WHERE id = $2', [`${name}!`, id]);
  }

  public async down(runner: QueryRunner): Promise<void> { await runner.query(`UPDATE space SET name = rtrim(name, '!')`); }
}

export class Nothing1700000000005 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> { await runner.query('CREATE TABLE stays (id int)'); }

  public async down(): Promise<void> {}
}
