// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three((runner) => runner.query('CREATE TABLE late (id int REFERENCES first DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (99)'));
