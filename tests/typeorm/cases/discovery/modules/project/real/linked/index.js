// SPDX-License-Identifier: Apache-2.0
module.exports = { name: 'linked', file: __filename };
