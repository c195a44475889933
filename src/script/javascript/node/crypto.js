// SPDX-License-Identifier: Apache-2.0
// Node's crypto as far as OpenSSL's digests and random numbers go.
'use strict';

const { host, refuse } = require('alkemio-init:host');
const later = require('./later.js');
const makeDigest = require('./digest.js');

const kHashes = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

function coded(code, message, Type = TypeError) {
  return Object.assign(new Type(message), { code });
}

function bytesOf(data, encoding, name = 'data') {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw coded('ERR_INVALID_ARG_TYPE', `The "${name}" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${data === null ? 'null' : typeof data}`);
}

function algorithm(name) {
  const plain = String(name).toLowerCase().replace(/^rsa-/, '').replace(/^sha-/, 'sha');
  if (!kHashes.includes(plain)) throw coded('ERR_OSSL_EVP_UNSUPPORTED', `Digest method not supported: ${name} (there are ${kHashes.join(', ')})`, Error);
  return plain;
}

// Streams are loaded when something is digested: most scripts want random names alone.
let made;
const digests = () => (made ??= makeDigest(coded, bytesOf));

function createHash(name) {
  const hash = algorithm(name);
  return new (digests())((bytes) => host.digest(hash, bytes));
}

function createHmac(name, key) {
  const hash = algorithm(name);
  const secret = bytesOf(key, 'utf8', 'key');
  return new (digests())((bytes) => host.hmac(hash, secret, bytes));
}

function randomBytes(size, callback) {
  if (!Number.isInteger(size) || size < 0 || size > 2147483647) {
    throw coded('ERR_OUT_OF_RANGE', `The value of "size" is out of range. It must be >= 0 && <= 2147483647. Received ${size}`, RangeError);
  }
  const bytes = Buffer.from(host.random(size));
  if (!callback) return bytes;
  setImmediate(callback, null, bytes);
}

function randomFillSync(target, offset = 0, size = target.byteLength - offset) {
  new Uint8Array(target.buffer ?? target, (target.byteOffset ?? 0) + offset, size).set(new Uint8Array(host.random(size)));
  return target;
}

function randomInt(from, to, callback) {
  if (to === undefined || typeof to === 'function') [from, to, callback] = [0, from, to];
  const range = to - from;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || range <= 0 || range > 0xffffffffffff) {
    throw coded('ERR_OUT_OF_RANGE', `The value of "max" is out of range. It must be greater than the value of "min" (${from}). Received ${to}`, RangeError);
  }
  // What lies beyond the last whole multiple is drawn again, so that all are equally likely.
  const limit = 0x1000000000000 - (0x1000000000000 % range);
  let drawn;
  do drawn = Buffer.from(host.random(6)).readUIntBE(0, 6); while (drawn >= limit);
  const result = from + (drawn % range);
  if (!callback) return result;
  setImmediate(callback, null, result);
}

function randomUUID() {
  const bytes = Buffer.from(host.random(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function timingSafeEqual(left, right) {
  const [one, other] = [bytesOf(left, undefined, 'buf1'), bytesOf(right, undefined, 'buf2')];
  if (one.length !== other.length) throw coded('ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length', RangeError);
  return host.equal(one, other);
}

const getRandomValues = (target) => randomFillSync(target);
const crypto = {
  createHash, createHmac, randomBytes, pseudoRandomBytes: randomBytes, randomFillSync, randomInt, randomUUID, timingSafeEqual, getRandomValues,
  randomFill: (target, ...rest) => {
    const callback = rest.pop();
    setImmediate(callback, null, randomFillSync(target, ...rest));
  },
  hash: (name, data, encoding = 'hex') => createHash(name).update(data).digest(encoding),
  getHashes: () => [...kHashes],
  constants: {},
  webcrypto: { getRandomValues, randomUUID, subtle: refuse.refused('crypto.subtle') },
};
crypto.subtle = crypto.webcrypto.subtle;
later(crypto, ['Hash', 'Hmac'], () => ({ Hash: digests(), Hmac: digests() }));

module.exports = refuse.fill(crypto, 'crypto');
