// SPDX-License-Identifier: Apache-2.0
exports.Broken1700000000001 = class Broken1700000000001 {
  get up() { throw new Error('in the getter of up'); }
};
