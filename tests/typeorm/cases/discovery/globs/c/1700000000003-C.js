// SPDX-License-Identifier: Apache-2.0
exports.OfC1700000000003 = class OfC1700000000003 { async up(runner) { await runner.query('CREATE TABLE of_C (id int)'); } async down() {} };
