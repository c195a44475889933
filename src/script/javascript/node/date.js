// SPDX-License-Identifier: Apache-2.0
// Local times become instants as ECMAScript has it. QuickJS takes the offset of the local time as if that were UTC, so it
// is wrong by an hour in the hours around each change of summer time.
'use strict';

const kDay = 86400000;

module.exports = function mendDate() {
  const Native = Date;
  const { prototype } = Native;
  const getTime = prototype.getTime;
  const minutes = prototype.getTimezoneOffset;
  /** From local time to UTC, at an instant. */
  const offsetAt = (instant) => minutes.call(new Native(instant)) * 60000;

  /** The instant of a local time, which is counted as if it were UTC: the first of two, and where there is none the one that
   *  the offset before the gap gives. */
  function instantOf(local) {
    const before = offsetAt(local - kDay);
    const after = offsetAt(local + kDay);
    const first = local + before;
    if (before === after || offsetAt(first) === before) return first;
    const second = local + after;
    return offsetAt(second) === after ? second : first;
  }

  /** Texts that name no zone and are more than a date of ISO 8601. */
  const isLocal = (text) => !/^\s*[+-]?\d{4,6}(-\d\d){0,2}\s*$/.test(text) && !/(Z|UTC?|GMT|(GMT|UTC?)[+-]\d{1,2}(:?\d\d)?|[A-Z]{2,4}T|\d[+-]\d\d(:?\d\d)?|\s[+-]\d{4})\s*(\([^)]*\))?\s*$/i.test(text);

  const parseNative = Native.parse;
  function parse(text) {
    const instant = parseNative(text);
    if (Number.isNaN(instant) || !isLocal(text)) return instant;
    const local = parseNative(`${text}Z`);
    return Number.isNaN(local) ? instant : instantOf(local);
  }

  const mended = new Proxy(Native, {
    construct(target, given, newTarget) {
      if (given.length > 1) return Reflect.construct(target, [instantOf(Native.UTC(...given))], newTarget);
      if (typeof given[0] === 'string') return Reflect.construct(target, [parse(given[0])], newTarget);
      return Reflect.construct(target, given, newTarget);
    },
  });

  const define = (of, name, value) => Object.defineProperty(of, name, { value, writable: true, enumerable: false, configurable: true });
  for (const name of ['Milliseconds', 'Seconds', 'Minutes', 'Hours', 'Date', 'Month', 'FullYear']) {
    const set = prototype[`setUTC${name}`];
    define(prototype, `set${name}`, {
      [`set${name}`](...given) {
        const instant = getTime.call(this);
        const nothing = name === 'FullYear' ? 0 : NaN;
        const local = new Native(Number.isNaN(instant) ? nothing : instant - offsetAt(instant));
        set.apply(local, given);
        return prototype.setTime.call(this, instantOf(getTime.call(local)));
      },
    }[`set${name}`]);
  }
  define(Native, 'parse', { parse(text) { return parse(String(text)); } }.parse);
  define(prototype, 'constructor', mended);
  define(globalThis, 'Date', mended);
};
