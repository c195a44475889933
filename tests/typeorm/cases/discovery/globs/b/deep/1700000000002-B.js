// SPDX-License-Identifier: Apache-2.0
exports.OfB1700000000002 = class OfB1700000000002 { async up(runner) { await runner.query('CREATE TABLE of_B (id int)'); } async down() {} };
