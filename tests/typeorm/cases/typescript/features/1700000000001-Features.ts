// SPDX-License-Identifier: Apache-2.0
import { MigrationInterface, QueryRunner, Table, type TableColumnOptions } from 'typeorm';
import type { ObjectLiteral } from 'typeorm';
import path = require('path');
import * as os from 'os';
import util, { inspect as show } from 'util';
import tell = require('../tell');
import { Colour, Constant, Level, type Shape, unused } from '../enums';
import interop, { named as renamed } from '../interop';
export type { Shape } from '../enums';
export type * from '../enums';

declare const missing: unknown;
declare global { interface Array<T> { own?: T } }
declare module 'typeorm' { interface Own { a: number } }
declare namespace Only { const types: number }
interface Row extends ObjectLiteral { id: number; name?: string }
type Names<T extends string> = `${T}_id` | Uppercase<T>;
type Pair = [first: number, second?: string];

enum Numbers { Zero, One, Five = 5, Six, Text = 'text', Computed = 'abc'.length, Bits = 1 << 3 | One }
enum Numbers2 { A = Numbers.Six + 1 }
const enum Inline { X = 1, Y = 'why' }

abstract class Base<T> {
  protected abstract readonly kind: string;
  declare readonly declared: string;
  optional?: string;
  static count = 0;
  static { Base.count += 10; }
  #secret = 7;
  constructor(protected readonly given: T, public other: number = 2, private _hidden?: string) {}
  get secret(): number { return this.#secret; }
  set secret(value: number) { this.#secret = value; }
  abstract describe(): string;
}

class Derived extends Base<string> {
  protected override readonly kind = 'derived' as const;
  definite!: number;
  override describe(this: Derived): string { return `${this.kind} ${this.given} ${this.other}`; }
}

function overloaded(value: string): string;
function overloaded(value: number): number;
function overloaded(value: any): any { return value; }
function assertText(value: unknown): asserts value is string { if (typeof value !== 'string') throw new TypeError('no text'); }
const isRow = (value: any): value is Row => typeof value?.id === 'number';
const generic = <T,>(value: T): T => value;
const columns = [{ name: 'id', type: 'int', isPrimary: true }, { name: 'n', type: 'text', isNullable: true }] satisfies TableColumnOptions[];
const old = <number>5;

export class Features1700000000001 implements MigrationInterface {
  name: string = 'Features1700000000001';
  private readonly list: ReadonlyArray<Names<'a'>> = ['a_id', 'A'];

  public async up(runner: QueryRunner): Promise<void> {
    const note = (what: string, value?: unknown) => tell(runner, what, value);
    await note('enums', [Numbers, Numbers[5], Numbers.Computed, Numbers.Bits, Numbers2.A, Inline.X, Inline.Y]);
    await note('of another file', [Colour.Red, Colour[1], Level.High, Constant.One, typeof unused]);
    const derived = new Derived('given', undefined, 'hidden');
    derived.secret += 1;
    await note('class', [derived.describe(), derived.secret, Base.count, Object.keys(derived), 'declared' in derived, 'optional' in derived, 'definite' in derived]);
    await note('functions', [overloaded('x'), overloaded(1), generic<number>(3), old, isRow({ id: 1 }), this.list]);
    try { assertText(5); } catch (error: unknown) { await note('asserted', (error as Error).message); }
    await note('imports', [path.basename('/a/b'), typeof os.cpus, typeof util.format, show({ a: 1 }), interop, renamed]);
    await runner.createTable(new Table({ name: 't', columns }));
    const rows = (await runner.query(`INSERT INTO t (id, n) VALUES ($1, $2) RETURNING *`, [1, 'x'])) as Row[];
    await note('rows', rows[0]!.id + (rows?.[0]?.name?.length ?? 10));
    const pair: Pair = [1];
    let maybe: { a?: { b: () => number } } | undefined;
    maybe ??= { a: { b: () => 4 } };
    await note('operators', [pair, maybe.a?.b(), maybe!.a!.b?.(), 1_000, 2 ** 10, 10n ** 2n === 100n, 'x' as any as number, { ...rows[0] } as const]);
    label: for (const one of [1, 2]) { if (one === 2) break label; }
    const shape: Shape = { kind: 'circle', radius: 2 };
    switch (shape.kind) { case 'circle': await note('shape', shape.radius); }
    async function* many(): AsyncGenerator<number> { yield 1; yield 2; }
    for await (const one of many()) await note('generated', one);
  }

  public async down(runner: QueryRunner): Promise<void> { await runner.dropTable('t'); }
}
