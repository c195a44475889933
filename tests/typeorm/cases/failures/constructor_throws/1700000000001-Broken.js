// SPDX-License-Identifier: Apache-2.0
module.exports.Broken1700000000001 = class Broken1700000000001 {
  constructor() { throw new Error('in the constructor'); }
};
