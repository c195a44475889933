// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import * as everything from '../own.cjs';
import common, { named } from '../own.cjs';
import { tell } from '../tell.mjs';

const require = createRequire(import.meta.url);
const waited = await Promise.resolve('waited at the top');

export class Module1700000000001 {
  async up(runner) {
    await tell(runner, 'imports', [named, common.late(), Object.keys(everything).filter((name) => name !== 'module.exports').sort(), require('../own.cjs') === common, waited, typeof this]);
    const { Later } = await import('../later.js');
    await tell(runner, 'import()', new Later().value);
    await tell(runner, 'this', [typeof module, typeof __filename, import.meta.url.split('/').pop(), import.meta.filename?.split('/').pop()]);
    await tell(runner, 'missing', await import('../nothing.js').catch(({ code, message }) => [code, message]));
    await tell(runner, 'missing package', await import('nothing').catch(({ code, message }) => [code, message]));
  }

  async down() {}
}
