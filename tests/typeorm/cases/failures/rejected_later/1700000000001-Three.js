// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(() => new Promise((resolve, reject) => { setTimeout(() => reject(new Error('rejected later')), 5); }));
