// SPDX-License-Identifier: Apache-2.0
// Node's fs for reading, below the project's folder and the declared ones; writing is refused.
'use strict';

const { host, refuse } = require('alkemio-init:host');
const { constants, errorNames, errorTexts } = require('os').forFiles;
const path = require('path');

/** Node's error for a failed call; `number` is errno. */
function failed(number, syscall, file) {
  const name = errorNames.get(number) ?? `E${number}`;
  const where = file === undefined ? '' : ` '${file}'`;
  const outside = number === 13 && file !== undefined && host.outside(path.resolve(file)) ? ` (scripts may read only below ${host.roots.join(', ')})` : '';
  const error = new Error(`${name}: ${errorTexts.get(number) ?? 'unknown error'}, ${syscall}${where}${outside}`);
  return Object.assign(error, { errno: -number, code: name, syscall, ...(file === undefined ? {} : { path: file }) });
}

function pathOf(file, name = 'path') {
  if (typeof file === 'string' && !file.includes('\0')) return path.resolve(file);
  if (Buffer.isBuffer(file)) return path.resolve(file.toString());
  if (typeof file === 'object' && file?.href !== undefined && file.protocol === 'file:') return path.resolve(decodeURIComponent(file.pathname));
  const error = new TypeError(`The "${name}" argument must be of type string or an instance of Buffer or URL. Received ${file === null ? 'null' : typeof file}`);
  throw Object.assign(error, { code: typeof file === 'string' ? 'ERR_INVALID_ARG_VALUE' : 'ERR_INVALID_ARG_TYPE' });
}

class Stats {
  constructor(values, big) {
    const number = big ? BigInt : (value) => value;
    ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'blksize', 'ino', 'size', 'blocks'].forEach((name, at) => { this[name] = number(values[at]); });
    ['atime', 'mtime', 'ctime', 'birthtime'].forEach((name, at) => {
      const time = values[10 + at];
      this[`${name}Ms`] = big ? BigInt(Math.trunc(time)) : time;
      this[name] = new Date(Math.round(time));
    });
  }
  #is(type) { return (Number(this.mode) & constants.S_IFMT) === type; }
  isFile() { return this.#is(constants.S_IFREG); }
  isDirectory() { return this.#is(constants.S_IFDIR); }
  isSymbolicLink() { return this.#is(constants.S_IFLNK); }
  isFIFO() { return this.#is(constants.S_IFIFO); }
  isSocket() { return this.#is(constants.S_IFSOCK); }
  isBlockDevice() { return this.#is(constants.S_IFBLK); }
  isCharacterDevice() { return this.#is(constants.S_IFCHR); }
}

class Dirent {
  #type;
  constructor(name, type, folder) {
    Object.assign(this, { name, parentPath: folder, path: folder });
    this.#type = type;
  }
  isFile() { return this.#type === 'file'; }
  isDirectory() { return this.#type === 'folder'; }
  isSymbolicLink() { return this.#type === 'link'; }
  isFIFO() { return this.#type === 'fifo'; }
  isSocket() { return this.#type === 'socket'; }
  isBlockDevice() { return this.#type === 'block'; }
  isCharacterDevice() { return this.#type === 'character'; }
}

const encodingOf = (options) => (typeof options === 'string' ? options : options?.encoding);
const text = (value, options) => (encodingOf(options) === 'buffer' ? Buffer.from(value) : value);

function stat(follow, syscall) {
  return (file, options) => {
    const found = host.stat(pathOf(file), follow);
    if (typeof found !== 'number') return new Stats(found, options?.bigint);
    if (options?.throwIfNoEntry === false && (found === 2 || found === 20)) return undefined;
    throw failed(found, syscall, String(file));
  };
}

const readFlags = /^(r|rs|sr)$/;
const opened = new Map();

const sync = {
  readFile(file, options) {
    if (typeof file === 'number') return opened.has(file) ? text0(opened.get(file).bytes, options) : bad('read');
    if (options?.flag && !readFlags.test(options.flag)) throw refuse.unavailable(`fs.readFile with flag "${options.flag}"`);
    const bytes = host.read(pathOf(file));
    if (typeof bytes === 'number') throw bytes === 21 ? failed(bytes, 'read') : failed(bytes, 'open', String(file));
    return text0(bytes, options);
  },
  stat: stat(true, 'stat'),
  lstat: stat(false, 'lstat'),
  readdir(folder, options) {
    const found = host.list(pathOf(folder));
    if (typeof found === 'number') throw failed(found, 'scandir', String(folder));
    const all = options?.recursive ? below(pathOf(folder), found, '') : found.map(([name, type]) => [name, type, pathOf(folder)]);
    if (options?.withFileTypes) return all.map(([name, type, parent]) => new Dirent(path.basename(name), type, parent));
    return all.map(([name]) => text(name, options));
  },
  realpath(file, options) {
    const found = host.realpath(pathOf(file));
    if (typeof found === 'number') throw failed(found, 'realpath', String(file));
    return text(found, options);
  },
  readlink(file, options) {
    const found = host.readlink(pathOf(file));
    if (typeof found === 'number') throw failed(found, 'readlink', String(file));
    return text(found, options);
  },
  access(file, mode = constants.F_OK) {
    const found = host.stat(pathOf(file), true);
    if (typeof found === 'number') throw failed(found, 'access', String(file));
    if (mode & constants.W_OK) throw failed(30, 'access', String(file));
  },
  open(file, flags = 'r') {
    if (!readFlags.test(flags) && flags !== constants.O_RDONLY) throw refuse.unavailable(`fs.open with flags "${flags}"`);
    const bytes = sync.readFile(file);
    let fd = 20;
    while (opened.has(fd)) ++fd;
    opened.set(fd, { bytes, at: 0, file });
    return fd;
  },
  close(fd) { if (!opened.delete(fd)) bad('close'); },
  fstat: (fd, options) => (opened.has(fd) ? sync.stat(opened.get(fd).file, options) : bad('fstat')),
  read(fd, buffer, offset = 0, length = buffer.byteLength - offset, position = null) {
    const file = opened.get(fd) ?? bad('read');
    const at = position === null || position < 0 ? file.at : Number(position);
    const count = file.bytes.copy(Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength), offset, at, at + length);
    if (position === null || position < 0) file.at += count;
    return count;
  },
};

function bad(syscall) {
  throw Object.assign(new Error(`EBADF: bad file descriptor, ${syscall}`), { errno: -9, code: 'EBADF', syscall });
}

function text0(bytes, options) {
  const encoding = encodingOf(options);
  // The engine's own decoder for the common case: the package's is written in JavaScript.
  if (/^utf-?8$/i.test(encoding ?? '')) return host.decode(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes, false);
  const buffer = Buffer.from(bytes);
  return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer;
}

function below(root, entries, prefix) {
  const all = [];
  for (const [name, type] of entries) {
    all.push([prefix + name, type, path.join(root, prefix)]);
    const inner = type === 'folder' ? host.list(path.join(root, prefix + name)) : [];
    if (Array.isArray(inner)) all.push(...below(root, inner, `${prefix}${name}/`));
  }
  return all;
}

const fs = { constants, Stats, Dirent, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
// For the loader; not one of Node's.
Object.defineProperty(fs, 'failed', { value: failed });
const promises = { constants };
for (const [name, call] of Object.entries(sync)) {
  fs[`${name}Sync`] = call;
  fs[name] = (...values) => {
    const callback = values.pop();
    if (typeof callback !== 'function') {
      throw Object.assign(new TypeError('The "cb" argument must be of type function. Received undefined'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    let result;
    try {
      result = call(...values);
    } catch (error) {
      setImmediate(callback, error);
      return;
    }
    setImmediate(callback, null, result, name === 'read' ? values[1] : undefined);
  };
  if (name === 'open' || name === 'close' || name === 'read' || name === 'fstat') continue;
  // A macrotask, as in Node, where a thread reads.
  promises[name] = (...values) => new Promise((resolve) => setImmediate(resolve)).then(() => call(...values));
}
fs.realpathSync.native = fs.realpathSync;
fs.realpath.native = fs.realpath;
fs.existsSync = (file) => {
  try {
    return typeof host.stat(pathOf(file), true) !== 'number';
  } catch {
    return false;
  }
};
fs.exists = (file, callback) => setImmediate(callback, fs.existsSync(file));
fs.createReadStream = (file, options) => {
  const { Readable } = require('stream');
  const { start = 0, end = Infinity, encoding, highWaterMark = 65536 } = typeof options === 'string' ? { encoding: options } : options ?? {};
  const stream = new Readable({
    highWaterMark,
    encoding,
    async construct(done) {
      try {
        this.bytes = (await promises.readFile(file)).subarray(start, end === Infinity ? undefined : end + 1);
        done();
      } catch (error) {
        done(error);
      }
    },
    read(size) {
      this.push(this.bytes.length ? this.bytes.subarray(0, size) : null);
      this.bytes = this.bytes.subarray(size);
    },
  });
  return Object.assign(stream, { path: file });
};
const watched = () => ({ on() { return this; }, close() {}, unref() { return this; }, ref() { return this; } });
Object.assign(fs, { watch: watched, watchFile: watched, unwatchFile() {} });
fs.promises = refuse.fill(promises, 'fs/promises');

module.exports = refuse.fill(fs, 'fs');
