// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner } from 'typeorm';
import { helper } from '@app/helper';
import { shared } from 'shared';
import exact from '~exact';
import { fromBase } from 'base/thing';
import tell = require('../tell');

export class Paths1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner) { await tell(runner, 'paths', [helper(), shared, exact, fromBase]); }
  async down() {}
}
