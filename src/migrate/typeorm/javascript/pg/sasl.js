// SPDX-License-Identifier: Apache-2.0
// In the place of pg's authentication, which is not done in scripts.
'use strict';

module.exports = { DEFAULT_MAX_SCRAM_ITERATIONS: 0 };
