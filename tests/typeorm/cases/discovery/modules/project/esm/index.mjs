// SPDX-License-Identifier: Apache-2.0
export default () => 'esm'; export const named = 'named';
