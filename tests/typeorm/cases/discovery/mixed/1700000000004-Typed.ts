// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner } from 'typeorm';
import tell = require('../tell');

export class Typed1700000000004 implements MigrationInterface {
  public async up(runner: QueryRunner): Promise<void> { await tell(runner, 'ts', [typeof require, this.constructor.name]); }

  public async down(runner: QueryRunner): Promise<void> {}
}
