// SPDX-License-Identifier: Apache-2.0
'use strict';

const fs = require('fs');
const path = require('node:path');
const tell = require('../tell');
const data = require('./data.json');
const ring = require('../ring/a');
const library = require('library');
const internal = require('#internal');
const conditional = require('conditional');
const deep = require('conditional/deep/thing');

exports.Modules1700000000001 = class Modules1700000000001 {
  async up(runner) {
    await tell(runner, 'json', data);
    await tell(runner, 'json again', require('./data') === data);
    await tell(runner, 'ring', ring);
    await tell(runner, 'library', library);
    await tell(runner, 'imports', internal);
    await tell(runner, 'exports', [conditional, deep, (await import('conditional')).default]);
    await tell(runner, 'not exported', (() => { try { return require('conditional/hidden'); } catch ({ code }) { return code; } })());
    await tell(runner, 'itself', require('project/own').name);
    await tell(runner, 'folder', require('../folder'));
    await tell(runner, 'resolve', [path.basename(require.resolve('library')), require.resolve('fs'), path.basename(require.resolve('../tell'))]);
    await tell(runner, 'missing', (() => { try { return require('./nothing'); } catch ({ code, message }) { return [code, message.split('\n')[0]]; } })());
    await tell(runner, 'file', [path.basename(__filename), path.basename(__dirname), require.main === module, module.id === __filename, module.loaded]);
    const text = fs.readFileSync(path.join(__dirname, 'statements.sql'), 'utf8');
    await runner.query(text);
    await tell(runner, 'sql', fs.readdirSync(__dirname).filter((name) => name !== 'case.json').sort());
    const linked = require('linked');
    await tell(runner, 'link', [linked.name, path.basename(path.dirname(linked.file))]);
    const { default: esm, named } = await import('../esm/index.mjs');
    await tell(runner, 'esm', [esm(), named]);
    await tell(runner, 'required esm', require('../esm/index.mjs').named);
    await tell(runner, 'globals', [typeof Buffer, typeof process.env.TZ, typeof globalThis.setImmediate, typeof structuredClone, typeof URL, typeof TextEncoder, typeof performance.now, typeof AbortController]);
  }

  async down() {}
};
