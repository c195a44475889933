// SPDX-License-Identifier: Apache-2.0
// Node's buffer: the package of that name, with what it lacks.
'use strict';

const { refuse } = require('alkemio-init:host');
const buffer = require('buffer/');

const { Buffer } = buffer;
const from = Buffer.from.bind(Buffer);
const isEncoding = Buffer.isEncoding.bind(Buffer);
const { toString, write } = Buffer.prototype;
const isUrl = (encoding) => typeof encoding === 'string' && encoding.toLowerCase() === 'base64url';

// base64 is read leniently by the package, either alphabet; only writing differs.
Buffer.from = (value, encoding, length) => from(value, isUrl(encoding) ? 'base64' : encoding, length);
Buffer.isEncoding = (encoding) => isUrl(encoding) || isEncoding(encoding);
Buffer.prototype.toString = function (encoding, start, end) {
  if (!isUrl(encoding)) return toString.call(this, encoding, start, end);
  return toString.call(this, 'base64', start, end).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};
Buffer.prototype.write = function (...values) { return write.apply(this, values.map((value) => (isUrl(value) ? 'base64' : value))); };
Buffer.poolSize = 8192;
const byteLength = Buffer.byteLength.bind(Buffer);
Buffer.byteLength = (value, encoding) => byteLength(value, isUrl(encoding) ? 'base64' : encoding);

module.exports = refuse.fill({
  ...buffer,
  Buffer,
  kStringMaxLength: 536870888,
  constants: { MAX_LENGTH: buffer.kMaxLength, MAX_STRING_LENGTH: 536870888 },
  atob: (text) => Buffer.from(String(text), 'base64').toString('latin1'),
  btoa: (text) => Buffer.from(String(text), 'latin1').toString('base64'),
  isUtf8(bytes) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  },
  isAscii: (bytes) => new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength).every((byte) => byte < 128),
  Blob: refuse.refused('Blob'),
  File: refuse.refused('File'),
}, 'buffer');
