// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner } from 'typeorm';

interface Long {
  one: string;
  two: number;
}

export class Position1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const long: Long | undefined = undefined;
    await runner.query('SELECT nothing');
  }

  async down(): Promise<void> {}
}
