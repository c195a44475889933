// SPDX-License-Identifier: Apache-2.0
import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class Typed1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await require('../tell')(runner, 'cts', [typeof require, this.constructor.name]); }

  async down(): Promise<void> {}
}
