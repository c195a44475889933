// SPDX-License-Identifier: Apache-2.0
exports.Broken = class Broken { async up() {} };
