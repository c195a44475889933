// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner } from 'typeorm';
import tell = require('../tell');

const seen: string[] = [];
const marked = (what: string): any => (target: any, key?: any, place?: any) => { seen.push(`${what} ${typeof target} ${String(key)} ${typeof place}`); };

namespace Outer {
  export const one = 1;
  const hidden = 2;
  export namespace Inner { export const sum = one + hidden; }
  export function twice(value: number): number { return value * 2; }
  export enum Kind { A = 'a' }
}
namespace Outer { export const two = one + 1; }

@marked('class')
class Thing {
  @marked('property') property = 1;
  @marked('static') static shared = 2;
  @marked('method') method(@marked('parameter') value: number): number { return value; }
  @marked('accessor') get accessor(): number { return 3; }
}

export class Compiler1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await tell(runner, 'namespaces', [Outer.one, Outer.two, Outer.Inner.sum, Outer.twice(4), Outer.Kind.A, 'hidden' in Outer]);
    await tell(runner, 'decorators', [seen, new Thing().property, Thing.shared]);
  }

  async down(): Promise<void> {}
}
