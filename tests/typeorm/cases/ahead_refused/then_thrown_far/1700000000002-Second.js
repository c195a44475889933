// SPDX-License-Identifier: Apache-2.0
// More than may be on their way.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    for (let i = 0; i < 100; ++i) await runner.query(`CREATE TABLE t${i === 50 ? 20 : i} (id int)`);
    throw new TypeError('this comes behind what the server refused');
  }

  async down() {}
};
