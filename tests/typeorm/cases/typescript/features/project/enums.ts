// SPDX-License-Identifier: Apache-2.0
export enum Colour { Red = 'red', Green = 1 }
export const enum Constant { One = 1, Two }
enum Inner { Low, High }
export { Inner as Level };
export type Shape = { kind: 'circle'; radius: number } | { kind: 'square'; side: number };
export const unused = () => 1;
export default interface Nothing { a: 1 }
