// SPDX-License-Identifier: Apache-2.0
// Node's stream: the package readable-stream, whose own entry is Readable and not the class that all streams derive from.
'use strict';

const { refuse } = require('alkemio-init:host');

module.exports = refuse.fill(require('readable-stream/lib/stream'), 'stream');
