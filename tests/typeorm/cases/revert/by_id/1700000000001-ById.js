// SPDX-License-Identifier: Apache-2.0
const make = (name) => ({ [name]: class { async up(runner) { await runner.query('CREATE TABLE IF NOT EXISTS ran (name text)'); await runner.query('INSERT INTO ran VALUES ($1)', [name]); } async down(runner) { await runner.query('INSERT INTO ran VALUES ($1)', [`down ${name}`]); } } }[name]);

module.exports = ['Newest1800000000000', 'Old1600000000000', 'Middle1700000000000'].map(make);
