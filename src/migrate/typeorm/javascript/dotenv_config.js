// SPDX-License-Identifier: Apache-2.0
// The module `dotenv/config` of scripts, which reads .env by being loaded.
'use strict';

require(String('dotenv')).config();
