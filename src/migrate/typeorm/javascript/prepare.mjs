// SPDX-License-Identifier: Apache-2.0
// Makes the fetched packages fit for bundling: what belongs to other databases, and to Node's sockets, is replaced by
// small stand-ins, so that it is neither bundled nor loaded. Run once after the packages were fetched.
//   node prepare.mjs FOLDER      the one with node_modules
import { copyFileSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(process.argv[2], 'node_modules');

/** All .js files below a folder. */
function scripts(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return scripts(path);
    return name.endsWith('.js') ? [path] : [];
  });
}

/** In the place of a module's classes: such of the same names, which cannot be used. */
function empty(file) {
  const text = readFileSync(file, 'utf8');
  const names = new Set([...text.matchAll(/^exports\.(\w+) = /gm)].map((match) => match[1]).filter((name) => name !== '__esModule'));
  const classes = [...names].map((name) => `exports.${name} = class ${name} { constructor() { refuse(${JSON.stringify(name)}); } };`);
  writeFileSync(file, [
    '"use strict";',
    'Object.defineProperty(exports, "__esModule", { value: true });',
    'function refuse(name) { throw new Error(name + " is not part of alkemio-init, which knows PostgreSQL alone"); }',
    ...classes, '',
  ].join('\n'));
}

const kept = new Set(['postgres', 'types']);

for (const typeorm of ['typeorm-0.3', 'typeorm-1']) {
  const driver = join(modules, typeorm, 'driver');
  for (const name of readdirSync(driver)) {
    const folder = join(driver, name);
    if (!kept.has(name) && statSync(folder).isDirectory()) scripts(folder).forEach(empty);
  }
  // Found when it is asked for, among the modules that scripts have.
  const platform = join(modules, typeorm, 'platform', 'PlatformTools.js');
  const lazy = readFileSync(platform, 'utf8')
    .replace(/return require\("([^"]+)"\)/g, 'return require(String("$1"))')
    .replace('var stream_1 = require("stream");', 'const stream_1 = { get Readable() { return require(String("stream")).Readable; }, get Writable() { return require(String("stream")).Writable; } };')
    .replace('require("dotenv")', '{ config: (options) => require(String("dotenv")).config(options) }');
  writeFileSync(platform, lazy);
  const { version } = JSON.parse(readFileSync(join(modules, typeorm, 'package.json'), 'utf8'));
  writeFileSync(join(modules, typeorm, 'version.js'), `module.exports = ${JSON.stringify(version)};\n`);
  const manager = join(modules, typeorm, 'entity-manager', 'MongoEntityManager.js');
  const repository = join(modules, typeorm, 'repository', 'MongoRepository.js');
  [manager, repository].filter(existsSync).forEach(empty);
}

// Finding files needs neither URLs, nor streams, nor what aborts a fetch: none of them is loaded for it.
for (const file of ['glob', 'path-scurry', 'minipass', 'lru-cache'].flatMap((name) => scripts(join(modules, name, 'dist', 'commonjs')))) {
  const text = readFileSync(file, 'utf8');
  const lean = text
    // What is no text is a URL.
    .replace(/([\w.]+) instanceof URL\b/g, "typeof $1 === 'object'")
    .replace('__importDefault(require("node:stream"))', '{ get default() { return require(String("node:stream")); } }')
    .replace('AC = globalThis.AbortController', 'AC = undefined').replace('AS = globalThis.AbortSignal', 'AS = undefined');
  if (lean !== text) writeFileSync(file, lean);
}

const pg = join(modules, 'pg', 'lib');
copyFileSync(join(here, 'pg', 'connection.js'), join(pg, 'connection.js'));
copyFileSync(join(here, 'pg', 'sasl.js'), join(pg, 'crypto', 'sasl.js'));
copyFileSync(join(here, 'pg', 'sasl.js'), join(pg, 'crypto', 'utils.js'));
