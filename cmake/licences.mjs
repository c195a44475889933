// SPDX-License-Identifier: Apache-2.0
// Writes the licences of all packages in the folders' node_modules into one file; fails for a package that names none.
//   node licences.mjs OUT FOLDER…
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [out, ...folders] = process.argv.slice(2);
const found = new Map();

for (const folder of folders) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  for (const [path, { dev }] of Object.entries(packages)) {
    if (path === '' || dev || !existsSync(join(folder, path))) continue;
    const { name, version, license, author, homepage, repository } = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));
    const files = readdirSync(join(folder, path)).filter((file) => /^(licen[cs]e|copying|notice)(\.|-|$)/i.test(file)).sort();
    const text = files.map((file) => readFileSync(join(folder, path, file), 'utf8').trim()).join('\n\n');
    if (!license && !text) throw new Error(`${name} ${version} names no licence`);
    const by = typeof author === 'string' ? author : author?.name;
    const from = homepage ?? (typeof repository === 'string' ? repository : repository?.url) ?? '';
    found.set(`${name} ${version}`, `${name} ${version}: ${license ?? 'see below'}\n${from}\n\n${text || `By ${by ?? 'its authors'}, under ${license}.`}`);
  }
}

const all = [...found.keys()].sort().map((key) => found.get(key));
writeFileSync(out, `The JavaScript packages inside alkemio-init and their licences.\n\n${all.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
