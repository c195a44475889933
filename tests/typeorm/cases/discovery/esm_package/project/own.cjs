// SPDX-License-Identifier: Apache-2.0
exports.named = 'a name of CommonJS';
exports.late = () => 'late';
