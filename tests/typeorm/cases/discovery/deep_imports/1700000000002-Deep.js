// SPDX-License-Identifier: Apache-2.0
const { TableIndex } = require('typeorm/schema-builder/table/TableIndex.js');
const { In, Like, EntitySchema, DataSource, Raw } = require('typeorm');

exports.Deep1700000000002 = class Deep1700000000002 {
  async up(runner) {
    await runner.createIndex('t', new TableIndex({ columnNames: ['id'] }));
    await require('../tell')(runner, 'exports', [typeof In, typeof Like, typeof EntitySchema, runner.connection instanceof DataSource, typeof Raw, In([1, 2]).value, Like('x%').type]);
  }

  async down() {}
};
