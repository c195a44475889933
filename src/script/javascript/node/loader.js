// SPDX-License-Identifier: Apache-2.0
// Modules as Node has them: CommonJS here, ES modules by QuickJS with what this answers to its
// questions (resolveModule, loadModule, exportsOf).
'use strict';

const names = require('./names.js');

module.exports = function (host, refuse) {
  const { resolve, packageOf, typescript, lookupPaths, notFound, failure, kRequire, kImport, kLenient, path } = require('./resolve.js')(host);
  const builtins = new Map();
  const compiled = new Map();
  const requireCache = Object.create(null);
  const mains = { module: undefined };

  // --- Node's own modules, those of C++, and bundles ---

  const provide = (name, exports) => builtins.set(name, exports);

  /** A module of Node's by its name without "node:". */
  function builtin(name) {
    if (builtins.has(name)) return builtins.get(name);
    if (Object.hasOwn(names.refused, name)) {
      provide(name, refuse.lacking(name, names.refused[name]));
      return builtins.get(name);
    }
    return unpacked(`node:${name}`, name);
  }

  const internal = (name) => builtins.get(`internal/${name}`) ?? unpacked(`internal:${name}`, `internal/${name}`);

  function unpacked(bundle, name) {
    const code = host.bundle(bundle);
    const module = { exports: {}, id: name, filename: name, loaded: false };
    // Before it runs, since modules may require each other in a ring.
    builtins.set(name, module.exports);
    code(module.exports, name.startsWith('internal/') || bundle.startsWith('node:') ? internalRequire : requireOf(projectModule), module, bundle, host.project);
    builtins.set(name, module.exports);
    return module.exports;
  }

  function internalRequire(specifier) {
    if (specifier.startsWith('alkemio-init:internal/')) return internal(specifier.slice(22));
    if (specifier.startsWith('alkemio-init:')) return specifier === 'alkemio-init:loader' ? loader : builtins.get(specifier);
    return builtin(specifier.replace(/^node:/, '').replace(/\/$/, ''));
  }

  /** The name under which a specifier is no file: "node:fs", "host:pg", "bundle:typeorm". */
  function beyondFiles(specifier) {
    if (host.hasModule(specifier)) return `host:${specifier}`;
    if (specifier.startsWith('node:')) {
      if (!names.isBuiltin(specifier)) throw failure('ERR_UNKNOWN_BUILTIN_MODULE', `No such built-in module: ${specifier}`);
      return specifier;
    }
    if (names.isBuiltin(specifier)) return `node:${specifier}`;
    return host.hasBundle(specifier) ? `bundle:${specifier}` : withinBundle(specifier);
  }

  /** A file of a package that is bundled, if the class that it is named after is among what the package exports:
   *  "typeorm/schema-builder/table/Table". */
  function withinBundle(specifier) {
    const [, name, inner] = /^((?:@[^/]+\/)?[^@./][^/]*)\/(?:.*\/)?([A-Z][\w$]*)(?:\.js)?$/.exec(specifier) ?? [];
    if (name === undefined || !host.hasBundle(name)) return undefined;
    const whole = `bundle:${name}`;
    return Object.hasOwn(exportsBeyond(whole), inner) ? whole : undefined;
  }

  function exportsBeyond(name) {
    if (name.startsWith('node:')) return builtin(name.slice(5));
    if (builtins.has(name)) return builtins.get(name);
    if (name.startsWith('host:')) {
      provide(name, host.makeModule(name.slice(5)));
      return builtins.get(name);
    }
    return unpacked(name.slice(7), name);
  }

  // --- CommonJS ---

  function Module(id, parent) {
    this.id = id;
    this.path = path.dirname(id);
    this.exports = {};
    this.filename = id;
    this.loaded = false;
    this.children = [];
    this.paths = lookupPaths(id);
    Object.defineProperty(this, 'parent', { value: parent, writable: true, configurable: true, enumerable: false });
    parent?.children.push(this);
  }
  const projectModule = new Module(path.join(host.project, '[project]'));

  Module.prototype.require = function (specifier) { return Module._load(specifier, this, false); };
  Module.prototype.load = function (filename) {
    const extension = path.extname(filename);
    (Module._extensions[extension] ?? Module._extensions['.js'])(this, filename);
    this.loaded = true;
  };
  Module.prototype._compile = function (content, filename) {
    return this.run(host.compile(withoutInterpreter(content), filename), filename);
  };
  Object.defineProperty(Module.prototype, 'run', {
    value(code, filename) { return code.call(this.exports, this.exports, requireOf(this), this, filename, path.dirname(filename)); },
  });

  // Libraries put functions of their own in the place of these two, as they do in Node.
  Module._resolveFilename = (specifier, parent, isMain, options) => {
    if (specifier.startsWith('node:') && !names.isBuiltin(specifier)) throw notFound(specifier, parent?.filename);
    const other = beyondFiles(specifier);
    if (other) return other.startsWith('node:') ? specifier : other;
    if (options?.paths) {
      for (const folder of options.paths) {
        try {
          return resolve(specifier, path.join(path.resolve(host.project, folder), '[paths]'), kRequire);
        } catch (error) {
          if (error.code !== 'MODULE_NOT_FOUND') throw error;
        }
      }
    }
    try {
      return resolve(specifier, parent?.filename ?? projectModule.filename, kRequire);
    } catch (error) {
      throw error.requireStack && parent ? withStack(error, parent) : error;
    }
  };

  /** As Node names them: who requires it, who requires that one, and so on. */
  function withStack(error, parent) {
    for (let by = parent.parent; by && by !== projectModule; by = by.parent) {
      error.requireStack.push(by.filename);
      error.message += `\n- ${by.filename}`;
    }
    return error;
  }

  Module._load = (specifier, parent, isMain) => {
    if (typeof specifier !== 'string') {
      throw failure('ERR_INVALID_ARG_TYPE', `The "id" argument must be of type string. Received ${specifier === null ? 'null' : typeof specifier}`, TypeError);
    }
    if (specifier.startsWith('file://')) specifier = decodeURIComponent(specifier.slice(7));
    const other = beyondFiles(specifier);
    if (other) return exportsBeyond(other);
    const filename = Module._resolveFilename(specifier, parent, isMain);
    if (parent?.filename) host.loads(parent.filename);
    if (requireCache[filename]) {
      if (parent && !parent.children.includes(requireCache[filename])) parent.children.push(requireCache[filename]);
      return requireCache[filename].exports;
    }
    if (filename.endsWith('.node')) throw refuse.unavailable(`the native module ${filename}`);
    return loadFile(filename, parent, isMain);
  };

  function loadFile(filename, parent, isMain) {
    const module = new Module(filename, parent);
    if (isMain) {
      mains.module = module;
      module.id = '.';
    }
    requireCache[filename] = module;
    try {
      module.load(filename);
    } catch (error) {
      delete requireCache[filename];
      throw error;
    }
    return module.exports;
  }

  const isCode = /\.[cm]?[jt]sx?$/;
  const load = (module, filename) => {
    const file = describe(filename);
    if (file.format === 'module') {
      module.exports = host.importNow(filename);
      return;
    }
    // What it makes is all that is needed of it from now on, unless it throws and is asked for again.
    compiled.set(filename, { format: 'commonjs' });
    module.run(file.code ?? describeAnew(filename).code, filename);
  };
  Module._extensions = Object.assign(Object.create(null), {
    '.js': load, '.ts': load, '.cts': load, '.mts': load, '.mjs': load, '.tsx': load,
    '.json'(module, filename) { module.exports = json(filename); },
    '.node'(module, filename) { throw refuse.unavailable(`the native module ${filename}`); },
  });
  Object.assign(Module, {
    Module, _cache: requireCache, _pathCache: {}, globalPaths: [], builtinModules: names.builtinModules, isBuiltin: names.isBuiltin,
    _nodeModulePaths: (folder) => lookupPaths(path.join(folder, 'x')), wrap: (code) => `(function (exports, require, module, __filename, __dirname) { ${code}\n});`,
    createRequire(from) {
      let file = typeof from === 'string' ? from : from.href;
      if (file.startsWith('file://')) file = decodeURIComponent(new URL(file).pathname);
      if (!file.startsWith('/')) throw failure('ERR_INVALID_ARG_VALUE', `The argument 'filename' must be a file URL object, file URL string, or absolute path string. Received '${file}'`, TypeError);
      return requireOf(new Module(file.endsWith('/') ? path.join(file, 'noop.js') : file));
    },
    syncBuiltinESMExports() {}, findSourceMap: () => undefined, register: refuse.refused('module.register'),
  });
  provide('module', Module);

  function requireOf(module) {
    const require = (specifier) => module.require(specifier);
    require.resolve = (specifier, options) => Module._resolveFilename(specifier, module, false, options);
    require.resolve.paths = (specifier) => (names.isBuiltin(specifier) ? null : lookupPaths(module.filename));
    require.cache = requireCache;
    require.extensions = Module._extensions;
    require.main = mains.module;
    return require;
  }

  // --- Files ---

  function text(filename) {
    const content = host.readText(filename);
    if (typeof content === 'string') {
      host.loaded(filename);
      return content.charCodeAt(0) === 0xfeff ? content.slice(1) : content;
    }
    throw builtin('fs').failed(content, 'open', filename);
  }

  function json(filename) {
    try {
      return JSON.parse(text(filename));
    } catch (error) {
      if (error instanceof SyntaxError) error.message = `${filename}: ${error.message}`;
      throw error;
    }
  }

  /** What a file is: { format: 'commonjs', code } or { format: 'module', source }; asked once a file. */
  function describe(filename) {
    let known = compiled.get(filename);
    if (!known) {
      known = describeAnew(filename);
      compiled.set(filename, known);
    }
    return known;
  }

  function describeAnew(filename) {
    const extension = path.extname(filename);
    const type = packageOf(filename)?.data.type;
    const isTypeScript = /\.[cm]?tsx?$/.test(extension);
    const declared = extension[1] === 'm' ? 'module' : extension[1] === 'c' ? 'commonjs'
      : isTypeScript ? (type === 'module' ? 'module' : 'commonjs')
      : type === 'module' || type === 'commonjs' ? type : undefined;
    const original = text(filename);
    const source = withoutAttributes(isTypeScript ? stripped(original, filename, declared) : original);
    if (declared === 'module') return { format: 'module', source };
    try {
      return { format: 'commonjs', code: host.compile(withoutInterpreter(source), filename), source };
    } catch (error) {
      // A file without a declared type may turn out to be an ES module, for Node as for us.
      if (declared || !(error instanceof SyntaxError) || !host.isModuleSource(source)) throw error;
      return { format: 'module', source };
    }
  }

  // A regular expression would be tried at each letter.
  const withoutInterpreter = (source) => (source.startsWith('#!') ? `//${source.slice(2)}` : source);

  // QuickJS knows no import attributes; JSON is known by its extension.
  function withoutAttributes(source) {
    if (!source.includes('.json')) return source;
    const blank = (whole, head, tail = '') => head + ' '.repeat(whole.length - head.length - tail.length) + tail;
    return source
      .replace(/((?:\bfrom|\bimport)\s*(["'])[^"'\n]+\.json\2)[ \t]+(?:with|assert)[ \t]*\{[^}\n]*\}/g, (whole, head) => blank(whole, head))
      .replace(/(\bimport\([^()\n]*\.json["'])\s*,[ \t]*\{[ \t]*(?:with|assert)[ \t]*:[^}\n]*\}[ \t]*\}[ \t]*\)/g, (whole, head) => blank(whole, head, ')'));
  }

  function stripped(source, filename, format) {
    const { transform } = internal('typescript');
    host.typescript(filename);
    let code;
    try {
      code = transform(source, {
        transforms: ['typescript', ...(format === 'module' ? [] : ['imports']), ...(filename.endsWith('x') ? ['jsx'] : [])],
        filePath: filename,
        preserveDynamicImport: true,
        enableLegacyTypeScriptModuleInterop: typescript().esModuleInterop === false,
        disableESTransforms: !assigns(source),
        production: true,
      }).code;
    } catch (error) {
      // Parameters' decorators it cannot even read.
      if (source.split('\n')[error.loc?.line - 1]?.[error.loc.column - 1] !== '@') throw typescriptError(error, filename);
      return byCompiler(source, filename, format, { what: 'a decorator', line: error.loc.line });
    }
    const beyond = beyondStripping(source, code, filename, format);
    return beyond ? byCompiler(source, filename, format, beyond) : code;
  }

  /** Whether fields are assigned in the constructor, as older targets have it, and it makes a difference here: behind the
   *  parameters' properties, and not again if a base class did it. */
  function assigns(source) {
    const { useDefineForClassFields: defines, target = 'esnext' } = typescript();
    if (defines ?? /^es(next|20(2[2-9]|[3-9]\d))$/.test(target)) return false;
    return /\bconstructor\s*\([^)]*\b(?:private|public|protected|readonly)\s/.test(source) || /\bclass\b[^{}]*\bextends\b/.test(source);
  }

  const lineOf = (text, match) => text.slice(0, match.index).split('\n').length;

  /** What of TypeScript becomes code and not nothing, so that stripping would change what the file does. */
  function beyondStripping(source, code, filename, format) {
    const space = /^[ \t]*(?:export[ \t]+)?(?:namespace|module)[ \t]+[\w$.]+[ \t]*\{/m.exec(source);
    // In a comment or a text it would still be there.
    if (space && !code.includes(space[0].trim())) return { what: 'a namespace', line: lineOf(source, space) };
    const decorator = /^[ \t]*@[\w$]/m.exec(code);
    if (!decorator) return undefined;
    const found = { what: 'a decorator', line: lineOf(code, decorator) };
    if (format === 'module') return host.isModuleSource(code) ? undefined : found;
    try {
      host.compile(code, filename);
      return undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return found;
      throw error;
    }
  }

  /** By the project's own compiler, which takes seconds to load. */
  function byCompiler(source, filename, format, beyond) {
    let compiler;
    try {
      compiler = requireFromProject('typescript');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
      const out = host.wayOut ? `; or ${host.wayOut}` : '';
      throw placed(`${beyond.what} of TypeScript needs its compiler: compile the file, or install the package "typescript" with the project${out}`, filename, beyond.line, 1);
    }
    const { experimentalDecorators, emitDecoratorMetadata, esModuleInterop, useDefineForClassFields } = typescript();
    const { outputText, sourceMapText } = compiler.transpileModule(source, {
      fileName: filename,
      compilerOptions: { experimentalDecorators, emitDecoratorMetadata, esModuleInterop, useDefineForClassFields, target: 'es2022',
        module: format === 'module' ? 'esnext' : 'commonjs', sourceMap: true },
    });
    host.typescript(filename, sourceMapText);
    return outputText.replace(/\n\/\/# sourceMappingURL=.*$/, '');
  }

  function typescriptError(error, filename) {
    const message = String(error.message).replace(/^Error transforming .*?: /, '').replace(/ \(\d+:\d+\)$/, '');
    return placed(message, filename, error.loc?.line ?? 1, error.loc?.column ?? 1);
  }

  function placed(message, filename, line, column) {
    const error = new SyntaxError(message);
    error.stack = `    at ${filename}:${line}:${column}\n`;
    return error;
  }

  // --- ES modules: QuickJS asks ---

  /** The identity of a module, from a specifier and the identity of whoever imports it. */
  function resolveModule(specifier, base) {
    if (/^(node|host|bundle):/.test(specifier) && !specifier.startsWith('node:')) return specifier;
    const other = beyondFiles(specifier);
    if (other) return other;
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier) && !specifier.startsWith('file:')) {
      if (specifier.startsWith('data:')) throw refuse.unavailable('import of a data: URL');
      throw failure('ERR_UNSUPPORTED_ESM_URL_SCHEME', `Only URLs with a scheme in: file, data, and node are supported. Received '${specifier}'`);
    }
    const parent = base.startsWith('/') ? base.replace(/\?.*$/, '') : projectModule.filename;
    let wanted = specifier;
    let query = '';
    if (/^(\.{0,2}\/|file:)/.test(specifier)) {
      const mark = specifier.search(/[?#]/);
      if (mark >= 0) [wanted, query] = [specifier.slice(0, mark), specifier.slice(mark)];
      wanted = decodeURIComponent(wanted.replace(/^file:\/\//, ''));
    }
    host.loads(parent);
    try {
      return named(wanted, parent) + query;
    } catch (error) {
      if (error.code === 'MODULE_NOT_FOUND') {
        error.code = 'ERR_MODULE_NOT_FOUND';
        const what = /^(\.{0,2}\/)/.test(wanted) ? `Cannot find module '${path.resolve(path.dirname(parent), wanted)}'` : `Cannot find package '${wanted}'`;
        error.message = `${what} imported from ${parent}`;
        delete error.requireStack;
      }
      throw error;
    }
  }

  // An ES module says which file it means, but for TypeScript's, whose compiler looks for it, and for us.
  function named(wanted, parent) {
    const isPath = /^(\.{0,2}\/|\.{1,2}$)/.test(wanted);
    const lenient = /\.[cm]?tsx?$/.test(parent) || parent === projectModule.filename;
    const file = isPath && path.resolve(path.dirname(parent), wanted);
    if (isPath && !lenient && (wanted.endsWith('/') || host.kind(file) === 'folder')) {
      throw failure('ERR_UNSUPPORTED_DIR_IMPORT', `Directory import '${file}' is not supported resolving ES modules imported from ${parent}`);
    }
    const found = resolve(wanted, parent, lenient ? kLenient : kImport);
    if (isPath && !lenient && host.kind(file) !== 'file' && !/\.[cm]?tsx?$/.test(found)) throw failure('MODULE_NOT_FOUND', '');
    return found;
  }

  /** { source } of an ES module, or { names } that something else exports. */
  function loadModule(name) {
    if (name.startsWith('node:')) return { names: [...new Set([...namesOf(exportsBeyond(name)), ...(internal('api')[name.slice(5)] ?? [])])] };
    if (!name.startsWith('/')) return { names: namesOf(exportsBeyond(name)) };
    const filename = name.replace(/[?#].*$/, '');
    if (filename.endsWith('.json')) return { names: [] };
    if (filename.endsWith('.node')) throw refuse.unavailable(`the native module ${filename}`);
    if (!isCode.test(filename) && path.extname(filename) !== '') {
      throw failure('ERR_UNKNOWN_FILE_EXTENSION', `Unknown file extension "${path.extname(filename)}" for ${filename}`, TypeError);
    }
    const file = describe(filename);
    if (file.format === 'module') return { source: file.source };
    return { names: [...lexedNames(filename, new Set())] };
  }

  const isName = (name) => name !== 'default' && name !== 'module.exports';
  const namesOf = (exports) =>
    ((typeof exports === 'object' || typeof exports === 'function') && exports !== null ? Object.keys(exports).filter(isName) : []);

  /** The names that Node finds in CommonJS without running it. */
  function lexedNames(filename, seen) {
    if (seen.has(filename)) return [];
    seen.add(filename);
    const found = new Set();
    const file = filename.endsWith('.json') ? undefined : describe(filename);
    if (file?.format !== 'commonjs') return found;
    const { exports, reexports } = internal('lexer').parse(file.source ?? describeAnew(filename).source);
    for (const name of exports) if (isName(name)) found.add(name);
    for (const specifier of reexports) {
      try {
        const other = beyondFiles(specifier);
        const inner = other ? namesOf(exportsBeyond(other)) : lexedNames(resolve(specifier, filename, kRequire), seen);
        for (const name of inner) found.add(name);
      } catch {
        // What cannot be found is said when it runs.
      }
    }
    return found;
  }

  /** The exports of what is no ES module, when its turn to run has come. */
  function exportsOf(name) {
    if (!name.startsWith('/')) return exportsBeyond(name);
    const filename = name.replace(/[?#].*$/, '');
    if (filename.endsWith('.json')) return json(filename);
    return requireCache[filename] ? requireCache[filename].exports : loadFile(filename, undefined, false);
  }

  // --- For C++ ---

  const requireFromProject = requireOf(projectModule);
  const absolute = (specifier) => (specifier.startsWith('/') || specifier.startsWith('file:') ? specifier
    : host.kind(path.resolve(host.project, specifier)) === 'file' ? path.resolve(host.project, specifier) : specifier);
  const importFromProject = (specifier) => import(absolute(specifier));

  function runMain(file) {
    const filename = resolve(path.resolve(host.project, file), projectModule.filename, kRequire);
    builtin('process').argv[1] = filename;
    if (!filename.endsWith('.json') && describe(filename).format === 'module') return import(filename);
    return Promise.resolve(loadFile(filename, undefined, true));
  }

  const loader = { provide, builtin, internal, requireFromProject, importFromProject, runMain, resolveModule, loadModule, exportsOf, Module, path };
  provide('path', path);
  return loader;
};
