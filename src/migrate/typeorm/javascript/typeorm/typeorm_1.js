// SPDX-License-Identifier: Apache-2.0
// TypeORM 1 as scripts see it, and beside it what the driver script needs of its inside.
'use strict';

module.exports = require('typeorm-1');
Object.defineProperty(module.exports, Symbol.for('alkemio-init'), {
  value: {
    version: require('typeorm-1/version'),
    findFiles: require('tinyglobby').globSync,
    MigrationExecutor: require('typeorm-1/migration/MigrationExecutor').MigrationExecutor,
    ConnectionMetadataBuilder: require('typeorm-1/connection/ConnectionMetadataBuilder').ConnectionMetadataBuilder,
    CommandUtils: require('typeorm-1/commands/CommandUtils').CommandUtils,
    ObjectUtils: require('typeorm-1/util/ObjectUtils').ObjectUtils,
    ...require('typeorm-1/util/ImportUtils'),
  },
});
