// SPDX-License-Identifier: Apache-2.0
// Node's stream: the package readable-stream.
'use strict';

const { refuse } = require('alkemio-init:host');

module.exports = refuse.fill(require('readable-stream'), 'stream');
