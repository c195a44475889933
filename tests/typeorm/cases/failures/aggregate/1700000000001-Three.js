// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(() => Promise.any([Promise.reject(new Error('one')), Promise.reject(new Error('two'))]));
