// SPDX-License-Identifier: Apache-2.0
'use strict';

/** The class of what createHash() and createHmac() return, which is a stream, too. */
module.exports = function (coded, bytesOf) {
  const { Transform } = require('stream');

  return class Digest extends Transform {
    #chunks = [];
    #done = false;
    #finish;
    constructor(finish) {
      super();
      this.#finish = finish;
    }
    update(data, encoding) {
      if (this.#done) throw coded('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called', Error);
      this.#chunks.push(Buffer.from(bytesOf(data, encoding)));
      return this;
    }
    digest(encoding) {
      if (this.#done) throw coded('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called', Error);
      this.#done = true;
      const result = Buffer.from(this.#finish(Buffer.concat(this.#chunks)));
      return encoding && encoding !== 'buffer' ? result.toString(encoding) : result;
    }
    copy() {
      const copy = new Digest(this.#finish);
      copy.#chunks = [...this.#chunks];
      return copy;
    }
    _transform(chunk, encoding, done) {
      this.update(chunk, encoding);
      done();
    }
    _flush(done) {
      this.push(this.digest());
      done();
    }
  };
};
