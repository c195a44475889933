// SPDX-License-Identifier: Apache-2.0
import type { MigrationInterface, QueryRunner } from 'typeorm';
import tell from '../tell.js';

export class Typed1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await tell(runner, 'mts', [typeof require, this.constructor.name]); }

  async down(): Promise<void> {}
}
