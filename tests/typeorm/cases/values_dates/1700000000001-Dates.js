// SPDX-License-Identifier: Apache-2.0
// Dates in local time, as migrations make, read and print them.
'use strict';

const texts = ['2024-03-31', '2024-03-31T02:30:00', '2024-03-31T02:30:00Z', '2024-03-31T02:30:00.123456Z', '2024-10-27T02:30', '2024-10-27 02:30:00', '2024-10-27 02:30:00+02', '2024-10-27 02:30:00+0200', '2024-10-27 02:30:00.5+02:00',
  '2024/01/15', '1/15/2024', 'Jan 15, 2024', '15 January 2024 10:00', 'Mon, 15 Jan 2024 10:00:00 GMT', 'Mon Jan 15 2024 10:00:00 GMT+0100', '2024', '2024-06', '+012024-01-01T00:00:00Z', '2024-02-30', '2024-13-01', 'nothing', '', '1710000000000', '2024-01-15T24:00:00', '12:00',
  '2024-01-15T10:00:00+05:30', 'January 2024', '2024-1-5', '2024-01-15 10:00 PM', 'Thu, 01 Jan 1970 00:00:00 GMT+0200', '15-Jan-2024', '2024-W03', '20240115'];

exports.Dates1700000000001 = class Dates1700000000001 {
  async up(runner) {
    await runner.query('CREATE TABLE seen (id serial, what text, value text, at timestamptz, local timestamp)');
    const note = (what, date) => runner.query('INSERT INTO seen (what, value, at, local) VALUES ($1, $2, $3, $4)', [what, Number.isNaN(date.getTime()) ? 'invalid' : [date.toISOString(), date.getTimezoneOffset(), date.getHours(), date.getDay(),
      String(date).replace(/ \(.*\)$/, ''), date.toDateString(), date.toUTCString(), date.toJSON()].join(' | '), ...(Number.isNaN(date.getTime()) ? [null, null] : [date, date])]);
    for (const text of texts) await note(text, new Date(text));
    for (const [year, month, day, hour, minute] of [[2024, 2, 31, 2, 30], [2024, 9, 27, 2, 30], [2024, 2, 10, 2, 30], [2024, 10, 3, 1, 30], [1972, 5, 1, 0, 0], [2050, 6, 1, 12, 0], [99, 0, 1, 0, 0], [2024, 0, 0, 0, 0], [2024, 12, 32, 25, 61]]) {
      await note(`${year} ${month} ${day} ${hour} ${minute}`, new Date(year, month, day, hour, minute));
    }
    const moved = new Date(2024, 2, 30, 2, 30);
    moved.setDate(31);
    await note('a day on', moved);
    moved.setHours(1, 59, 60);
    await note('an hour set', moved);
    moved.setMonth(9, 27);
    await note('a month set', moved);
    const [row] = await runner.query("SELECT '2024-10-27 02:30:00'::timestamp AS a, '2024-10-27 00:30:00Z'::timestamptz AS b, '2024-03-31'::date AS c, '2024-03-31 02:30:00'::timestamp AS d, '1975-01-01 12:00'::timestamp AS e");
    for (const [name, date] of Object.entries(row)) await note(name, date);
  }

  async down() {}
};
