// SPDX-License-Identifier: Apache-2.0
exports.OfA1700000000001 = class OfA1700000000001 { async up(runner) { await runner.query('CREATE TABLE of_A (id int)'); } async down() {} };
