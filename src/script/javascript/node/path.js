// SPDX-License-Identifier: Apache-2.0
// Node's path: the package of that name, which goes through each path letter by letter. Loading a file asks it a dozen
// things, nearly always of a path that has nothing to resolve.
'use strict';

const path = require('path-browserify');

/** An absolute path with nothing to normalize: a name between any two slashes, none of which begins with a dot. */
const isNormal = (file) => typeof file === 'string' && file.startsWith('/') && !file.includes('//') && !file.includes('/.') && !file.endsWith('/');

const { basename, dirname, extname, join, normalize, resolve } = path;
const nameOf = (file) => file.slice(file.lastIndexOf('/') + 1);

Object.assign(path, {
  basename: (file, ending) => (ending === undefined && typeof file === 'string' && !file.endsWith('/') ? nameOf(file) : basename(file, ending)),
  dirname: (file) => (isNormal(file) ? file.slice(0, file.lastIndexOf('/')) || '/' : dirname(file)),
  extname(file) {
    if (!isNormal(file)) return extname(file);
    const dot = file.lastIndexOf('.');
    return dot > file.lastIndexOf('/') ? file.slice(dot) : '';
  },
  join(...parts) {
    const [folder, file] = parts;
    const two = parts.length === 2 && typeof folder === 'string' && folder !== '' && typeof file === 'string';
    const whole = two ? `${folder}/${file}` : '';
    return isNormal(whole) ? whole : join(...parts);
  },
  normalize: (file) => (isNormal(file) ? file : normalize(file)),
  resolve: (...parts) => (isNormal(parts.at(-1)) ? parts.at(-1) : resolve(...parts)),
});

module.exports = { path, isNormal };
