// SPDX-License-Identifier: Apache-2.0
export default await new Promise<number>((resolve) => setTimeout(() => resolve(5), 1));
