// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface } from 'typeorm/migration/MigrationInterface';
import { QueryRunner } from 'typeorm/query-runner/QueryRunner';
import { Table } from 'typeorm/schema-builder/table/Table';
import { TableColumn } from 'typeorm/schema-builder/table/TableColumn';
import { TableOptions } from 'typeorm/schema-builder/options/TableOptions';
import { QueryFailedError } from 'typeorm/error/QueryFailedError';
import * as whole from 'typeorm';
import tell = require('../tell');

export class Deep1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const options: TableOptions = { name: 't', columns: [new TableColumn({ name: 'id', type: 'int' })] };
    await runner.createTable(new Table(options));
    await runner.query('SAVEPOINT s').catch(() => {});
    const error = await runner.query('SELECT nothing').catch((reason: unknown) => reason);
    if (runner.isTransactionActive) await runner.query('ROLLBACK TO s');
    await tell(runner, 'same', [whole.Table === Table, whole.TableColumn === TableColumn, error instanceof QueryFailedError, error instanceof whole.TypeORMError]);
  }

  async down(): Promise<void> {}
}
