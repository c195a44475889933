// SPDX-License-Identifier: Apache-2.0
// Local times as instants, most of all around the changes of summer time.
'use strict';

const months = [...Array(12).keys()];
for (const month of months) {
  const instants = [];
  for (let day = 1; day < 32; day += 1) {
    for (let half = 0; half < 48; half += 1) instants.push(new Date(2024, month, day, 0, 30 * half).getTime());
  }
  console.log(month, require('crypto').createHash('md5').update(instants.join()).digest('hex'));
}
for (const text of ['2024-03-31T02:30:00', '2024-03-31 02:30', '2024-03-31', '2024-10-27T02:30', '2024-10-27T02:30:00+05:00', '2024-10-27T01:30:00Z',
  'Mar 31, 2024 02:30:00', 'Sun Mar 31 2024 02:30:00 GMT+0100', '2024-03-31T02:30:00.5', '2024', '2024-03', 'Sun, 31 Mar 2024 02:30:00 GMT', 'x',
  '+002024-03-31T01:59:59', '2024-03-31 02:30:00 UTC', '2024-03-31 02:30:00 EST']) {
  console.log(text, new Date(text).getTime(), Date.parse(text));
}

const date = new Date(2024, 2, 30, 2, 30);
date.setDate(31);
console.log(date.getTime());
date.setHours(1, 45);
console.log(date.getTime());
date.setMonth(9);
date.setDate(27);
date.setMinutes(70, 5, 6);
console.log(date.getTime());
date.setFullYear(2023, 2, 26);
console.log(date.getTime());
date.setSeconds(-1);
date.setMilliseconds(5000);
console.log(date.getTime());
const none = new Date(NaN);
console.log(none.setHours(3), none.setFullYear(2024), none.getTime());
console.log(new Date(99, 0).getTime(), new Date(2024, 0, NaN).getTime(), new Date(undefined).getTime(), new Date(1e99).getTime(), new Date(true).getTime());
console.log(Date.name, Date.length, typeof Date(), date instanceof Date, date.constructor === Date, Object.prototype.toString.call(date), JSON.stringify(new Date(0)));
class Later extends Date { twice() { return this.getTime() * 2; } }
console.log(new Later(2024, 2, 31, 2, 30).twice(), new Later(2024, 1).constructor.name, new Date(new Date(5)).getTime());
