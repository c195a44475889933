// SPDX-License-Identifier: Apache-2.0
// In the place of uuid, of which TypeORM takes random ones.
'use strict';

module.exports = { v4: () => require('crypto').randomUUID() };
