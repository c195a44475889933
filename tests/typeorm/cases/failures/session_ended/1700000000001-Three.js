// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query('SELECT pg_terminate_backend(pg_backend_pid())'));
