// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tell from '../tell.js';
import type { QueryRunner } from 'typeorm';

const folder: string = dirname(fileURLToPath(import.meta.url));
const text: string = await readFile(join(folder, 'statement.sql'), 'utf8');
const { default: later } = await import('./later.mjs') as { default: number };
export enum Kind { A = 'a' }

export class Await1700000000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(text);
    await tell(runner, 'awaited', [text.trim(), later, Kind.A]);
  }

  async down(): Promise<void> {}
}
