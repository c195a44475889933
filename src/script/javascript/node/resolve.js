// SPDX-License-Identifier: Apache-2.0
// From a specifier to a file, by the algorithms of Node's manual ("Modules: Packages", "CommonJS
// modules"), and the paths of tsconfig.json.
'use strict';

const { path, isNormal } = require('./path.js');

const kRequire = new Set(['node', 'require', 'default']);
const kImport = new Set(['node', 'import', 'default']);
// As kImport, where the file's extension may be missing: what TypeScript's compiler looks for.
const kLenient = new Set(kImport);
const kExtensions = ['.js', '.json', '.node', '.ts', '.cts', '.tsx'];
// TypeScript's authors write the extension that the compiler will give the file.
const kSources = { '.js': ['.ts', '.tsx'], '.mjs': ['.mts'], '.cjs': ['.cts'] };

function failure(code, message, Type = Error) {
  const error = new Type(message);
  error.code = code;
  return error;
}

/** What is the same for all files of a folder, found once each. */
function perFolder(find) {
  const known = new Map();
  return (file) => {
    const folder = path.dirname(file);
    if (!known.has(folder)) known.set(folder, find(folder));
    return known.get(folder);
  };
}

module.exports = function (host) {
  const packages = new Map();
  const kinds = new Map();

  /** 'file', 'folder' or undefined; asked once a path. */
  function kind(file) {
    let known = kinds.get(file);
    if (known === undefined) {
      known = host.kind(file);
      kinds.set(file, known);
    }
    return known || undefined;
  }

  /** The package.json in a folder, if there is one. */
  function packageAt(folder) {
    if (packages.has(folder)) return packages.get(folder);
    const file = path.join(folder, 'package.json');
    let found;
    if (kind(file) === 'file') {
      try {
        found = { folder, data: JSON.parse(host.readText(file)) };
      } catch (error) {
        throw failure('ERR_INVALID_PACKAGE_CONFIG', `Invalid package config ${file}. ${error.message}`);
      }
    }
    packages.set(folder, found);
    return found;
  }

  /** The package that a file belongs to. */
  const packageOf = perFolder((nearest) => {
    for (let folder = nearest; ; folder = path.dirname(folder)) {
      if (path.basename(folder) === 'node_modules') return undefined;
      const found = packageAt(folder);
      if (found || folder === '/') return found;
    }
  });

  function asFile(file) {
    if (kind(file) === 'file') return file;
    for (const extension of kExtensions) {
      if (kind(file + extension) === 'file') return file + extension;
    }
    return asSource(file);
  }

  function asSource(file) {
    const extension = path.extname(file);
    for (const source of kSources[extension] ?? []) {
      const candidate = file.slice(0, -extension.length) + source;
      if (kind(candidate) === 'file') return candidate;
    }
    return undefined;
  }

  function asFolder(folder) {
    if (kind(folder) !== 'folder') return undefined;
    const main = packageAt(folder)?.data.main;
    if (typeof main === 'string' && main) {
      const file = path.resolve(folder, main);
      const found = asFile(file) ?? asFile(path.join(file, 'index'));
      if (found) return found;
    }
    return asFile(path.join(folder, 'index'));
  }

  const real = (file) => host.realpath(file) || file;

  // --- exports and imports of package.json ---

  function target(pack, value, star, name, isImports, conditions) {
    if (typeof value === 'string') return stringTarget(pack, value, star, name, isImports, conditions);
    if (Array.isArray(value)) {
      let last = value.length === 0 ? null : undefined;
      let problem;
      for (const one of value) {
        try {
          last = target(pack, one, star, name, isImports, conditions);
          problem = undefined;
        } catch (error) {
          if (error.code !== 'ERR_INVALID_PACKAGE_TARGET') throw error;
          problem = error;
          continue;
        }
        if (last !== undefined && last !== null) return last;
      }
      if (problem) throw problem;
      return last;
    }
    if (value === null) return null;
    if (typeof value === 'object') {
      for (const [condition, inner] of Object.entries(value)) {
        if (condition !== 'default' && !conditions.has(condition)) continue;
        const found = target(pack, inner, star, name, isImports, conditions);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    throw invalidTarget(pack, name, value, isImports);
  }

  function stringTarget(pack, value, star, name, isImports, conditions) {
    if (!value.startsWith('./')) {
      if (isImports && !value.startsWith('../') && !value.startsWith('/')) {
        const bare = star === undefined ? value : value.replaceAll('*', star);
        return resolve(bare, path.join(pack.folder, 'package.json'), conditions);
      }
      throw invalidTarget(pack, name, value, isImports);
    }
    const inside = /(^|\/)(\.\.?|node_modules)(\/|$)/i;
    if (inside.test(value.slice(2)) || (star !== undefined && inside.test(star))) throw invalidTarget(pack, name, value, isImports);
    return path.join(pack.folder, star === undefined ? value : value.replaceAll('*', star));
  }

  function invalidTarget(pack, name, value, isImports) {
    return failure('ERR_INVALID_PACKAGE_TARGET',
      `Invalid "${isImports ? 'imports' : 'exports'}" target ${JSON.stringify(value)} defined for '${name}' in the package config ${pack.folder}/package.json`);
  }

  /** The entry of a map for a subpath, its patterns included; longest first. */
  function matched(pack, map, name, isImports, conditions) {
    if (Object.hasOwn(map, name) && !name.includes('*')) return target(pack, map[name], undefined, name, isImports, conditions);
    let best;
    for (const key of Object.keys(map)) {
      const star = key.indexOf('*');
      if (star < 0 || key.indexOf('*', star + 1) >= 0) continue;
      const [head, tail] = [key.slice(0, star), key.slice(star + 1)];
      if (!name.startsWith(head) || name === head || !name.endsWith(tail) || name.length < key.length) continue;
      if (!best || head.length > best.head.length || (head.length === best.head.length && key.length > best.key.length)) best = { key, head, tail };
    }
    if (!best) return undefined;
    const star = name.slice(best.head.length, name.length - best.tail.length);
    return target(pack, map[best.key], star, name, isImports, conditions);
  }

  function fromExports(pack, subpath, conditions, parent) {
    const { exports } = pack.data;
    const sugar = typeof exports === 'string' || Array.isArray(exports) || !Object.keys(exports).some((key) => key.startsWith('.'));
    const map = sugar ? { '.': exports } : exports;
    const found = matched(pack, map, subpath, false, conditions);
    if (found !== undefined && found !== null) return found;
    const what = subpath === '.' ? 'No "exports" main defined' : `Package subpath '${subpath}' is not defined by "exports"`;
    throw failure('ERR_PACKAGE_PATH_NOT_EXPORTED', `${what} in ${pack.folder}/package.json imported from ${parent}`);
  }

  function fromImports(name, parent, conditions) {
    const pack = packageOf(parent);
    const { imports } = pack?.data ?? {};
    const found = imports && name !== '#' && !name.startsWith('#/') ? matched(pack, imports, name, true, conditions) : undefined;
    if (found !== undefined && found !== null) return found;
    throw failure('ERR_PACKAGE_IMPORT_NOT_DEFINED',
      `Package import specifier "${name}" is not defined${pack ? ` in package ${pack.folder}/package.json` : ''} imported from ${parent}`, TypeError);
  }

  // --- bare names ---

  function split(specifier) {
    const parts = specifier.split('/');
    const count = specifier.startsWith('@') ? 2 : 1;
    return { name: parts.slice(0, count).join('/'), rest: parts.slice(count).join('/') };
  }

  function fromPackages(specifier, parent, conditions) {
    const { name, rest } = split(specifier);
    const subpath = rest ? `./${rest}` : '.';
    const own = packageOf(parent);
    if (own?.data.name === name && own.data.exports !== undefined && own.data.exports !== null) {
      return existing(fromExports(own, subpath, conditions, parent), parent);
    }
    for (let folder = path.dirname(parent); ; folder = path.dirname(folder)) {
      if (path.basename(folder) !== 'node_modules') {
        const found = inNodeModules(path.join(folder, 'node_modules'), name, rest, subpath, conditions, parent);
        if (found) return found;
      }
      if (folder === '/') return undefined;
    }
  }

  function inNodeModules(modules, name, rest, subpath, conditions, parent) {
    const folder = path.join(modules, name);
    if (kind(folder) === 'folder') {
      const pack = packageAt(folder);
      if (pack?.data.exports !== undefined && pack?.data.exports !== null) {
        return existing(fromExports(pack, subpath, conditions, parent), parent);
      }
    }
    const file = path.join(folder, rest);
    if (rest && conditions === kImport) return kind(file) === 'file' ? file : undefined;
    return (rest || kind(folder) !== 'folder' ? asFile(file) : undefined) ?? asFolder(file);
  }

  function existing(file, parent) {
    if (kind(file) === 'file') return file;
    const source = asSource(file);
    if (source) return source;
    throw notFound(file, parent);
  }

  function notFound(specifier, parent) {
    const error = failure('MODULE_NOT_FOUND', `Cannot find module '${specifier}'\nRequire stack:\n- ${parent}`);
    error.requireStack = [parent];
    return error;
  }

  // --- tsconfig.json ---

  let aliases;

  /** JSON with comments and trailing commas, as TypeScript's files are. */
  function relaxed(text) {
    const token = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=\s*(?:\/\/[^\n]*\s*|\/\*[\s\S]*?\*\/\s*)*[}\]])/g;
    return JSON.parse(text.replace(token, (match) => (match[0] === '"' ? match : '')));
  }

  function tsconfig(file, depth = 0) {
    const text = depth < 8 && kind(file) === 'file' ? host.readText(file) : undefined;
    if (typeof text !== 'string') return {};
    const own = relaxed(text);
    let options = {};
    for (const base of [own.extends ?? []].flat()) {
      const found = /^\.{0,2}\//.test(base) ? asFile(path.resolve(path.dirname(file), base)) ?? asFile(`${path.resolve(path.dirname(file), base)}.json`)
        : fromPackages(base, file, kRequire);
      if (found) options = { ...options, ...tsconfig(found, depth + 1) };
    }
    const compiler = own.compilerOptions ?? {};
    const folder = path.dirname(file);
    if (compiler.baseUrl !== undefined) options.baseUrl = path.resolve(folder, compiler.baseUrl);
    if (compiler.paths) Object.assign(options, { paths: compiler.paths, pathsFrom: options.baseUrl ?? folder });
    for (const name of ['esModuleInterop', 'experimentalDecorators', 'emitDecoratorMetadata', 'useDefineForClassFields']) {
      if (compiler[name] !== undefined) options[name] = compiler[name];
    }
    if (compiler.target !== undefined) options.target = String(compiler.target).toLowerCase();
    return options;
  }

  function typescript() {
    if (aliases) return aliases;
    aliases = {};
    let file = host.tsconfig && path.resolve(host.project, host.tsconfig);
    for (let folder = host.project; !file; folder = path.dirname(folder)) {
      if (kind(path.join(folder, 'tsconfig.json')) === 'file') file = path.join(folder, 'tsconfig.json');
      if (folder === '/') break;
    }
    if (file) aliases = tsconfig(file);
    return aliases;
  }

  function fromAliases(specifier, parent) {
    if (parent.includes('/node_modules/')) return undefined;
    const { paths, pathsFrom, baseUrl } = typescript();
    const keys = Object.keys(paths ?? {}).map((key) => ({ key, star: key.indexOf('*') }))
      .filter(({ key, star }) => star < 0 ? key === specifier
        : specifier.length >= key.length - 1 && specifier.startsWith(key.slice(0, star)) && specifier.endsWith(key.slice(star + 1)))
      .sort((left, right) => (right.star < 0 ? Infinity : right.star) - (left.star < 0 ? Infinity : left.star));
    for (const { key, star } of keys) {
      const middle = star < 0 ? '' : specifier.slice(star, specifier.length - (key.length - star - 1));
      for (const one of paths[key]) {
        const file = path.resolve(pathsFrom, one.replace('*', () => middle));
        const found = asFile(file) ?? asFolder(file);
        if (found) return found;
      }
    }
    const file = baseUrl && path.join(baseUrl, specifier);
    return file ? asFile(file) ?? asFolder(file) : undefined;
  }

  // --- the whole ---

  /** The file of a specifier as `parent` (a file) means it; throws as Node does. */
  function resolve(specifier, parent, conditions) {
    const found = specifier.startsWith('#') ? existing(fromImports(specifier, parent, conditions), parent)
      : /^(\.{1,2}(\/|$)|\/)/.test(specifier) ? fromPath(specifier, parent)
      : fromAliases(specifier, parent) ?? fromPackages(specifier, parent, conditions);
    if (!found) throw notFound(specifier, parent);
    return real(found);
  }

  function fromPath(specifier, parent) {
    const file = isNormal(specifier) ? specifier : path.resolve(path.dirname(parent), specifier);
    const folderOnly = /(^|\/)\.{0,2}$/.test(specifier);
    return (folderOnly ? undefined : asFile(file)) ?? asFolder(file);
  }

  const allPaths = perFolder((nearest) => {
    const all = [];
    for (let folder = nearest; ; folder = path.dirname(folder)) {
      if (path.basename(folder) !== 'node_modules') all.push(path.join(folder, 'node_modules'));
      if (folder === '/') return all;
    }
  });
  // Each caller may change its own.
  const lookupPaths = (parent) => allPaths(parent).slice();

  return { resolve, packageOf, typescript, lookupPaths, notFound, failure, kRequire, kImport, kLenient, path };
};
