// SPDX-License-Identifier: Apache-2.0
// In the place of pg's own connection.js: the same calls and events, so that pg's Client, Query, Pool and Result stay as they
// are, over sessions of our own. C++ gives `alkemio-init:postgres`:
//   open(settings, notice, done)              done(error, { session, pid })
//   send(session, text, values, extended, done)  done({ results, error, lost, active })
//   isBehind(migration)                       whether it must wait until all that was answered is done
//   settle(done)                              done(text, error) of one that was answered before the server refused it; done()
//   close(session)
// Answers come in macrotasks of their own, as from a socket.
'use strict';

const { EventEmitter } = require('events');
const { DatabaseError } = require('pg-protocol/dist/messages.js');
const native = require('alkemio-init:postgres');

/** A function for C++ to call back: what it throws is nobody's, as what a socket's listener throws. */
const listener = (work) => (...given) => {
  try {
    work(...given);
  } catch (error) {
    process.nextTick(() => { throw error; });
  }
};

const fieldNames = ['severity', 'code', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where', 'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine'];

/** The server's error as pg has it: what the server did not say is undefined. */
function databaseError(fields) {
  const error = new DatabaseError(fields.message, fields.message.length, 'error');
  for (const name of fieldNames) error[name] = fields[name] || undefined;
  return error;
}

function columns(result) {
  return result.names.map((name, at) => ({
    name, dataTypeID: result.types[at], tableID: result.tables[at], columnID: result.numbers[at],
    dataTypeSize: result.sizes[at], dataTypeModifier: result.modifiers[at], format: 'text',
  }));
}

class Connection extends EventEmitter {
  constructor() {
    super();
    this.parsedStatements = {};
    this.submittedNamedStatements = {};
    this.ssl = false;
    this._ending = false;
    this._connecting = false;
    this._session = undefined;
    this._texts = new Map();
    this._bound = undefined;
    this._synced = true;
    this._busy = false;
    this._status = 'I';
    this._closed = false;
    // What Client asks of its socket.
    this.stream = { writable: true, destroy: (error) => this._close(error), setKeepAlive() {}, ref() {}, unref() {} };
  }

  // --- Logging in: where and as whom is not the script's to say ---

  connect() {
    this._connecting = true;
    setImmediate(() => this.emit('connect'));
  }

  requestSsl() {
    setImmediate(() => this.emit('sslconnect'));
  }

  startup(settings) {
    const notice = listener((fields) => this.emit('notice', Object.assign(databaseError(fields), { name: 'notice' })));
    native.open(settings, notice, listener((error, opened) => {
      if (error) {
        this.emit('errorMessage', databaseError(error));
        this._close();
        return;
      }
      if (this._closed) return native.close(opened.session);
      this._session = opened.session;
      this.emit('backendKeyData', { processID: opened.pid, secretKey: 0 });
      this.emit('readyForQuery', { status: 'I' });
    }));
  }

  // --- Statements ---

  query(text) {
    this._synced = true;
    this._send(text, [], false);
  }

  parse({ text, name }) {
    this._texts.set(name ?? '', text);
  }

  bind({ statement, values, binary, valueMapper }) {
    if (binary) throw new Error('binary results are not part of alkemio-init');
    const mapped = (values ?? []).map((value, at) => valueMapper(value, at));
    this._bound = { text: this._texts.get(statement ?? ''), values: mapped };
  }

  describe() {}

  execute() {}

  flush() {
    this._synced = false;
    this._run();
  }

  sync() {
    this._synced = true;
    if (this._bound) this._run();
    // A parameter threw while it was bound: nothing was sent, and the session can be used at once.
    else if (!this._busy) setImmediate(() => this._closed || this.emit('readyForQuery', { status: this._status }));
  }

  close({ type, name }) {
    if (type === 'S') this._texts.delete(name ?? '');
  }

  _run() {
    const { text, values } = this._bound;
    this._bound = undefined;
    this.emit('parseComplete');
    this._send(text, values, true);
  }

  _send(text, values, extended) {
    this._busy = true;
    native.send(this._session, text, values, extended, listener((answer) => this._answer(answer)));
  }

  _answer({ results, error, lost, active }) {
    if (this._closed) return;
    for (const result of results) this._result(result);
    if (error) this.emit('errorMessage', databaseError(error));
    if (lost) {
      this._close();
      return;
    }
    this._busy = false;
    this._status = active ? 'T' : 'I';
    this.emit('readyForQuery', { status: this._status });
  }

  _result(result) {
    if (result.names) {
      this.emit('rowDescription', { fields: columns(result) });
      for (const fields of result.rows) this.emit('dataRow', { fields });
    }
    if (result.tag === '') this.emit('emptyQuery', {});
    else this.emit('commandComplete', { text: result.tag });
  }

  // --- The end ---

  end() {
    this._ending = true;
    this._close();
  }

  _close(error) {
    if (this._closed) return;
    this._closed = true;
    this.stream.writable = false;
    if (this._session !== undefined) native.close(this._session);
    setImmediate(() => {
      if (error) this.emit('error', error);
      this.emit('end');
    });
  }

  /** Whether something is on its way that was answered, and this migration might tell if that is refused. */
  static isBehind(migration) {
    return native.isBehind(migration);
  }

  /** When all that was sent is done; throws [text, DatabaseError] of what the server refused after it was answered. */
  static settled() {
    return new Promise((resolve, reject) => {
      native.settle(listener((text, error) => (error ? reject([text, databaseError(error)]) : resolve())));
    });
  }

  ref() {}

  unref() {}

  cancel() {}

  sendCopyFail() {}
}

module.exports = Connection;
