// SPDX-License-Identifier: Apache-2.0
const make = (name) => ({ [name]: class { async up(runner) { await runner.query('CREATE TABLE IF NOT EXISTS ran (name text); '); await runner.query('INSERT INTO ran VALUES ($1)', [name]); } async down() {} } }[name]);

module.exports = ['Old1600000000000', 'Known1650000000000', 'Between1655000000000', 'New1700000000000'].map(make);
