// SPDX-License-Identifier: Apache-2.0
// Its errors are handled by a file that is loaded when it runs.
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const { tolerate } = require('../lib/tolerate');
    await tolerate(runner, 'CREATE TABLE first (id int)');
    await tolerate(runner, 'CREATE TABLE second (id int)');
    await runner.query('ALTER TABLE second ADD COLUMN a int');
  }

  async down() {}
};
