// SPDX-License-Identifier: Apache-2.0
'use strict';

const { host, refuse } = require('alkemio-init:host');

const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isObject = (value) => typeof value === 'object' && value !== null;
/** Whether a method that only works on the real thing works. */
const real = (method) => (value) => {
  if (!isObject(value)) return false;
  try {
    method.call(value);
    return true;
  } catch {
    return false;
  }
};
const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const typedTag = getter(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const typed = (name) => (value) => typedTag.call(value) === name;

const types = {
  isAnyArrayBuffer: (value) => types.isArrayBuffer(value) || types.isSharedArrayBuffer(value),
  isArgumentsObject: (value) => isObject(value) && tag(value) === 'Arguments',
  isArrayBuffer: real(getter(ArrayBuffer.prototype, 'byteLength')),
  isArrayBufferView: ArrayBuffer.isView,
  isAsyncFunction: (value) => typeof value === 'function' && /^Async(Generator)?Function$/.test(tag(value)),
  isBigIntObject: (value) => isObject(value) && tag(value) === 'BigInt',
  isBooleanObject: real(Boolean.prototype.valueOf),
  isBoxedPrimitive: (value) => isObject(value) && /^(Number|String|Boolean|BigInt|Symbol)$/.test(tag(value)),
  isCryptoKey: () => false,
  isDataView: (value) => isObject(value) && tag(value) === 'DataView',
  isDate: real(Date.prototype.getTime),
  isExternal: () => false,
  isGeneratorFunction: (value) => typeof value === 'function' && /GeneratorFunction$/.test(tag(value)),
  isGeneratorObject: (value) => isObject(value) && /^(Async)?Generator$/.test(tag(value)),
  isKeyObject: () => false,
  isMap: real(getter(Map.prototype, 'size')),
  isMapIterator: (value) => isObject(value) && tag(value) === 'Map Iterator',
  isModuleNamespaceObject: (value) => isObject(value) && tag(value) === 'Module',
  isNativeError: host.isError,
  isNumberObject: real(Number.prototype.valueOf),
  isPromise: host.isPromise,
  isProxy: () => false,
  isRegExp: real(getter(RegExp.prototype, 'source')),
  isSet: real(getter(Set.prototype, 'size')),
  isSetIterator: (value) => isObject(value) && tag(value) === 'Set Iterator',
  isSharedArrayBuffer: real(getter(SharedArrayBuffer.prototype, 'byteLength')),
  isStringObject: real(String.prototype.valueOf),
  isSymbolObject: (value) => isObject(value) && tag(value) === 'Symbol',
  isTypedArray: (value) => typedTag.call(value) !== undefined,
  isWeakMap: (value) => isObject(value) && tag(value) === 'WeakMap',
  isWeakSet: (value) => isObject(value) && tag(value) === 'WeakSet',
};
for (const name of ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array', 'Float32Array',
  'Float64Array', 'BigInt64Array', 'BigUint64Array']) types[`is${name}`] = typed(name);

module.exports = refuse.fill(types, 'util/types');
