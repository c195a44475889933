// SPDX-License-Identifier: Apache-2.0
const tell = require('../tell');

const make = (name, given) => ({ [name]: class { constructor() { if (given) this.name = given; } async up(runner) { await tell(runner, name, [this.constructor.name, this.name]); } async down() {} } }[name]);

module.exports = [
  make('Late1799999999999'), make('Early1500000000000'), make('Same1700000000000'), make('SameToo1700000000000'), make('AndSame1700000000000'),
  make('NoTimestamp', 'OfProperty1600000000000'), make('Odd170000000000x'), make('ü1650000000000'), make('With space and dot.1650000000001'), make('Number1650000000002end', 'x-1650000000002'),
];
