// SPDX-License-Identifier: Apache-2.0
import data from '../data.json';
import * as all from '../data.json';
import { a as part } from '../data.json';
import tell = require('../tell');

export class Json1700000000001 {
  async up(runner: any) { await tell(runner, 'json', [data, all.a, part]); }
  async down() {}
}
