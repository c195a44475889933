// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(() => { throw { message: 'of an object', code: 'E_OBJECT' }; });
