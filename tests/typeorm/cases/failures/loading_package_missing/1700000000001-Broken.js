// SPDX-License-Identifier: Apache-2.0
require('not-there-at-all');
