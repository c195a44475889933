// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner, Table } from 'typeorm';
import { tell } from '../tell.mjs';

export default class Typed1700000000002 implements MigrationInterface {
  name = 'Typed1700000000002';

  public async up(runner: QueryRunner): Promise<void> {
    await tell(runner, 'table', new Table({ name: 'x' }).name);
  }

  public async down(): Promise<void> {}
}
