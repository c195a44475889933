// SPDX-License-Identifier: Apache-2.0
// Writes which names Node's own modules export, asked of the Node that builds: so that what the
// engine lacks of them is refused by its name.   node api.mjs OUT
import { writeFileSync } from 'node:fs';
import { createRequire, builtinModules } from 'node:module';

const require = createRequire(import.meta.url);
const api = {};
for (const name of builtinModules.filter((one) => !one.startsWith('_'))) {
  api[name] = Object.keys(require(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key));
}
writeFileSync(process.argv[2], `${JSON.stringify(api)}\n`);
