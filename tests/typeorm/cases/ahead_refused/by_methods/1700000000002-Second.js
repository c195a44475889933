// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    await runner.addColumn('first', new (require('typeorm').TableColumn)({ name: 'a', type: 'int', default: '1' }));
    await runner.addColumn('first', new (require('typeorm').TableColumn)({ name: 'c', type: 'no_such_type' }));
    await runner.renameColumn('first', 'a', 'b');
  }

  async down() {}
};
