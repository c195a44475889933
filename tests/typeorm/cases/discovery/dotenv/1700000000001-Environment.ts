// SPDX-License-Identifier: Apache-2.0
import 'dotenv/config';
import * as dotenv from 'dotenv';
import tell = require('../tell');

export class Environment1700000000001 {
  async up(runner: any): Promise<void> {
    await tell(runner, 'environment', [1, 2, 3, 4].map((_, at) => process.env[`ORACLE_CASE_${['ONE', 'TWO', 'THREE', 'FOUR'][at]}`]));
    await tell(runner, 'parsed', [dotenv.parse('A=1\nB: x\n#C=2\nD = " y "'), process.env.ORACLE_CASE_FIVE]);
  }

  async down(): Promise<void> {}
}
