// SPDX-License-Identifier: Apache-2.0
// Node's url: the old functions are the package of that name, the new ones stand on the URL class.
'use strict';

const { refuse } = require('alkemio-init:host');
const later = require('./later.js');

const legacy = () => require('alkemio-init:internal/legacy_url');
const standard = () => require('alkemio-init:internal/whatwg');

function coded(code, message) {
  return Object.assign(new TypeError(message), { code });
}

function fileURLToPath(given) {
  const url = typeof given === 'string' ? new (standard().URL)(given) : given;
  if (url?.protocol === undefined) throw coded('ERR_INVALID_ARG_TYPE', `The "path" argument must be of type string or an instance of URL. Received ${given === null ? 'null' : typeof given}`);
  if (url.protocol !== 'file:') throw coded('ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
  if (url.hostname !== '') throw coded('ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  if (/%2f/i.test(url.pathname)) throw coded('ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
  return decodeURIComponent(url.pathname);
}

function pathToFileURL(file) {
  const path = require('path');
  let resolved = path.resolve(file);
  if (file.endsWith('/') && !resolved.endsWith('/')) resolved += '/';
  const escapes = { '%': '%25', '\\': '%5C', '\n': '%0A', '\r': '%0D', '\t': '%09', '?': '%3F', '#': '%23' };
  return new (standard().URL)(`file://${resolved.replace(/[%\\\n\r\t?#]/g, (one) => escapes[one])}`);
}

const format = (given, options) => {
  const { URL } = standard();
  if (!(given instanceof URL)) return legacy().format(given);
  const url = new URL(given.href);
  if (options?.fragment === false) url.hash = '';
  if (options?.search === false) url.search = '';
  if (options?.auth === false) url.username = url.password = '';
  return url.href;
};

const urlToHttpOptions = (url) => ({
  protocol: url.protocol, hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), hash: url.hash, search: url.search, pathname: url.pathname,
  path: `${url.pathname}${url.search}`, href: url.href, ...(url.port !== '' ? { port: Number(url.port) } : {}),
  ...(url.username || url.password ? { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` } : {}),
});

const url = { format, fileURLToPath, pathToFileURL, urlToHttpOptions };
later(url, ['parse', 'resolve', 'resolveObject', 'Url'], legacy);
later(url, ['URL', 'URLSearchParams'], standard);

module.exports = refuse.fill(url, 'url');
