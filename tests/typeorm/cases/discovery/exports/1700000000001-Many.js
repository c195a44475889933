// SPDX-License-Identifier: Apache-2.0
const tell = require('../tell');

const make = (name) => ({ [name]: class { async up(runner) { await tell(runner, name, this.constructor.name); } async down() {} } }[name]);

function Old1700000000009() {}
Old1700000000009.prototype.up = async (runner) => tell(runner, 'old', 'a function');
Old1700000000009.prototype.down = async () => {};

class Base1700000000010 {
  async up(runner) { await tell(runner, 'inherited', this.constructor.name); }

  async down() {}
}

module.exports = {
  One: make('One1700000000003'),
  two: [make('Two1700000000002'), [make('Three1700000000001')]],
  nested: { deep: { deeper: make('Four1700000000004') }, number: 5, text: 'x', nothing: null, missing: undefined, date: new Date(0), pattern: /x/ },
  Old1700000000009,
  Inherits1700000000011: class Inherits1700000000011 extends Base1700000000010 {},
};
