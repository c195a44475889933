// SPDX-License-Identifier: Apache-2.0
// TypeORM 0.3 as scripts see it, and beside it what the driver script needs of its inside.
'use strict';

module.exports = require('typeorm-0.3');
Object.defineProperty(module.exports, Symbol.for('alkemio-init'), {
  value: {
    version: require('typeorm-0.3/version'),
    findFiles: require('glob').sync,
    MigrationExecutor: require('typeorm-0.3/migration/MigrationExecutor').MigrationExecutor,
    ConnectionMetadataBuilder: require('typeorm-0.3/connection/ConnectionMetadataBuilder').ConnectionMetadataBuilder,
    CommandUtils: require('typeorm-0.3/commands/CommandUtils').CommandUtils,
    ObjectUtils: require('typeorm-0.3/util/ObjectUtils').ObjectUtils,
    ...require('typeorm-0.3/util/ImportUtils'),
  },
});
