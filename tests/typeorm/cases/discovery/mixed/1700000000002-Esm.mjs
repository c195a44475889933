// SPDX-License-Identifier: Apache-2.0
import tell from '../tell.js';

export default class Esm1700000000002 {
  async up(runner) { await tell(runner, 'mjs', [typeof require, typeof import.meta.url, this.constructor.name]); }

  async down() {}
}
