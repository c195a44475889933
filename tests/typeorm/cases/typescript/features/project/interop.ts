// SPDX-License-Identifier: Apache-2.0
export default 'the default';
export const named = 'named';
