// SPDX-License-Identifier: Apache-2.0
module.exports = { of: 'a folder', inner: require('#internal') };
