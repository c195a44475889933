// SPDX-License-Identifier: Apache-2.0
'use strict';

const { three } = require('../three');

module.exports = three(() => {
  class OwnError extends Error {
    constructor() {
      super('of an own class');
      this.name = 'OwnError';
      this.code = 'OWN';
    }
  }
  throw new OwnError();
});
