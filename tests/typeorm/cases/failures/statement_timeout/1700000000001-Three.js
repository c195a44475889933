// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query("SET statement_timeout TO '20ms'; SELECT pg_sleep(10)"));
