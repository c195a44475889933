// SPDX-License-Identifier: Apache-2.0
'use strict';

const os = require('os');

module.exports = { ...os.constants.errno, ...os.constants.signals, ...os.forFiles.constants };
