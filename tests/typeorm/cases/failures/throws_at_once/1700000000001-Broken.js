// SPDX-License-Identifier: Apache-2.0
exports.Broken1700000000001 = class Broken1700000000001 {
  up() { throw new Error('before any promise'); }
};
