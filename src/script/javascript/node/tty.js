// SPDX-License-Identifier: Apache-2.0
// Scripts write into the log: nothing is a terminal.
'use strict';

const { refuse } = require('alkemio-init:host');

module.exports = { isatty: () => false, ReadStream: refuse.refused('tty.ReadStream'), WriteStream: refuse.refused('tty.WriteStream') };
