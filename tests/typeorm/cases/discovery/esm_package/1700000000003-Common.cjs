// SPDX-License-Identifier: Apache-2.0
const { Table } = require('typeorm');

exports.Common1700000000003 = class Common1700000000003 {
  async up(runner) {
    const { tell } = await import('../tell.mjs');
    await tell(runner, 'of CommonJS', [new Table({ name: 'y' }).name]);
  }

  async down() {}
};
