// SPDX-License-Identifier: Apache-2.0
// What packages require as "abort-controller" is a global of Node.
'use strict';

module.exports = { AbortController: globalThis.AbortController, AbortSignal: globalThis.AbortSignal, default: globalThis.AbortController };
