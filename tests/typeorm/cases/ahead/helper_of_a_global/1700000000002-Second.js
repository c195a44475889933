// SPDX-License-Identifier: Apache-2.0
// Its errors are handled by what another file has made global.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await helpers.tolerate(runner, 'CREATE TABLE first (id int)');
    await helpers.tolerate(runner, 'CREATE TABLE second (id int)');
    await runner.query('ALTER TABLE second ADD COLUMN a int');
  }

  async down() {}
};
