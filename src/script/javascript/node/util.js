// SPDX-License-Identifier: Apache-2.0
// Node's util: what it prints comes from Node's own code, packaged as node-inspect-extracted.
'use strict';

const { host, refuse } = require('alkemio-init:host');
const types = require('util/types');
const later = require('./later.js');

const printing = () => require('alkemio-init:internal/inspect');

const kCustom = Symbol.for('nodejs.util.promisify.custom');
const kNames = Symbol('customPromisifyArgs');

function needed(value, name, type) {
  if (typeof value === type) return;
  const error = new TypeError(`The "${name}" argument must be of type ${type}. Received ${value === null ? 'null' : typeof value}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  throw error;
}

function promisify(original) {
  needed(original, 'original', 'function');
  if (original[kCustom]) return original[kCustom];
  function promised(...values) {
    return new Promise((resolve, reject) => {
      original.call(this, ...values, (error, ...results) => {
        if (error) reject(error);
        else if (original[kNames]) resolve(Object.fromEntries(original[kNames].map((name, at) => [name, results[at]])));
        else resolve(results[0]);
      });
    });
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
  Object.defineProperty(promised, kCustom, { value: promised, enumerable: false, writable: false, configurable: true });
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = kCustom;

function callbackify(original) {
  needed(original, 'original', 'function');
  return function (...values) {
    const callback = values.pop();
    needed(callback, 'last argument', 'function');
    original.apply(this, values).then((value) => process.nextTick(callback, null, value),
      (reason) => process.nextTick(callback, reason ?? Object.assign(new Error('Promise was rejected with a falsy value'), { code: 'ERR_FALSY_VALUE_REJECTION', reason })));
  };
}

function inherits(child, parent) {
  Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

const warned = new Set();
function deprecate(callback, message, code) {
  let said = false;
  return function deprecated(...values) {
    if (!said && !(code && warned.has(code))) process.emitWarning(`DeprecationWarning: ${code ? `[${code}] ` : ''}${message}`);
    said = true;
    if (code) warned.add(code);
    return new.target ? Reflect.construct(callback, values, new.target) : callback.apply(this, values);
  };
}

function debuglog(section) {
  const wanted = new RegExp(`^${String(process.env.NODE_DEBUG ?? '').replace(/[|\\{}()[\]^$+?.]/g, '\\$&').replaceAll('*', '.*').replaceAll(',', '$|^')}$`, 'i');
  const enabled = Boolean(process.env.NODE_DEBUG) && wanted.test(section);
  const log = (...values) => { if (enabled) console.error(`${section.toUpperCase()} ${process.pid}: ${printing().format(...values)}`); };
  return Object.assign(log, { enabled });
}

class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return new Uint8Array(host.encode(String(text))); }
  encodeInto(text, into) {
    let [read, written] = [0, 0];
    for (const character of text) {
      const bytes = this.encode(character);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

const kLabels = { 'utf-8': 'utf-8', utf8: 'utf-8', 'unicode-1-1-utf-8': 'utf-8', 'utf-16le': 'utf-16le', 'utf-16': 'utf-16le', 'ucs-2': 'utf-16le',
  latin1: 'windows-1252', ascii: 'windows-1252', 'us-ascii': 'windows-1252', 'iso-8859-1': 'windows-1252', 'windows-1252': 'windows-1252' };

class TextDecoder {
  #rest = new Uint8Array(0);
  #begun = false;
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    this.encoding = kLabels[String(label).trim().toLowerCase()];
    if (!this.encoding) throw Object.assign(new RangeError(`The "${label}" encoding is not supported`), { code: 'ERR_ENCODING_NOT_SUPPORTED' });
    Object.assign(this, { fatal, ignoreBOM });
  }

  decode(input = new Uint8Array(0), { stream = false } = {}) {
    const view = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
    let bytes = view;
    if (this.#rest.length) {
      bytes = new Uint8Array(this.#rest.length + view.length);
      bytes.set(this.#rest);
      bytes.set(view, this.#rest.length);
    }
    const whole = stream ? bytes.length - this.#incomplete(bytes) : bytes.length;
    this.#rest = bytes.slice(whole);
    let text = this.#text(bytes.subarray(0, whole));
    if (!this.ignoreBOM && !this.#begun && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    this.#begun = stream && (this.#begun || text.length > 0);
    return text;
  }

  #text(bytes) {
    if (this.encoding !== 'utf-8') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(this.encoding === 'utf-16le' ? 'utf16le' : 'latin1');
    const text = host.decode(bytes, this.fatal);
    if (text === undefined) throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
    return text;
  }

  /** How many bytes at the end are the beginning of a character. */
  #incomplete(bytes) {
    if (this.encoding === 'utf-16le') return bytes.length % 2;
    if (this.encoding !== 'utf-8') return 0;
    for (let back = 1; back <= Math.min(3, bytes.length); ++back) {
      const byte = bytes[bytes.length - back];
      if (byte < 0x80) return 0;
      if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
    }
    return 0;
  }
}

const util = {
  promisify, callbackify, inherits, deprecate, debuglog, debug: debuglog, types, TextEncoder, TextDecoder,
  isDeepStrictEqual: (left, right) => {
    try {
      require('assert').deepStrictEqual(left, right);
      return true;
    } catch {
      return false;
    }
  },
  toUSVString: (text) => String(text).toWellFormed(),
  getSystemErrorName: (number) => require('os').errorNames.get(-number),
  aborted: (signal) => new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }))),
  isArray: Array.isArray,
  isBoolean: (value) => typeof value === 'boolean',
  isBuffer: (value) => Buffer.isBuffer(value),
  isDate: types.isDate,
  isError: types.isNativeError,
  isFunction: (value) => typeof value === 'function',
  isNull: (value) => value === null,
  isNullOrUndefined: (value) => value === null || value === undefined,
  isNumber: (value) => typeof value === 'number',
  isObject: (value) => value !== null && typeof value === 'object',
  isPrimitive: (value) => value === null || !/^(object|function)$/.test(typeof value),
  isRegExp: types.isRegExp,
  isString: (value) => typeof value === 'string',
  isSymbol: (value) => typeof value === 'symbol',
  isUndefined: (value) => value === undefined,
  log: (...values) => console.log('%s - %s', new Date().toLocaleString(), printing().format(...values)),
  _extend: Object.assign,
};

later(util, ['inspect', 'format', 'formatWithOptions', 'stripVTControlCharacters'], printing);

module.exports = refuse.fill(util, 'util');
