// SPDX-License-Identifier: Apache-2.0
const tell = require('../tell');

class Common1700000000001 {
  async up(runner) { await tell(runner, 'js', [typeof require, typeof module, typeof exports, this.constructor.name]); }

  async down() {}
}
module.exports = Common1700000000001;
