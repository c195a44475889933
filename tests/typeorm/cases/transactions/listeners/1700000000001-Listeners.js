// SPDX-License-Identifier: Apache-2.0
// Notices and notifications, and hooks of the runner.
'use strict';

const notes = require('../notes');

exports.Listeners1700000000001 = class Listeners1700000000001 {
  async up(runner) {
    const note = await notes(runner);
    const client = await runner.connect();
    const heard = [];
    const listener = ({ severity, message, code }) => heard.push([severity, message, code]);
    client.on('notice', listener);
    await runner.query("DO $$ BEGIN RAISE NOTICE 'hello %', 1; RAISE WARNING 'careful' USING ERRCODE = '01234'; RAISE INFO 'info'; END $$");
    await runner.query('DROP TABLE IF EXISTS nothing');
    client.off('notice', listener);
    await note('notices', heard.map(([severity, message]) => [severity, message]));
    await note('query runner', [typeof runner.connection.createQueryRunner, typeof runner.manager.save, runner.connection.isInitialized, runner.connection.options.type]);
    await note('driver', [runner.connection.driver.isReplicated, runner.connection.driver.escape('a"b'), runner.connection.driver.schema ?? null, runner.connection.driver.buildTableName('t', 's')]);
    await note('escape', [client.escapeIdentifier('a"b'), client.escapeLiteral("it's \\ so")]);
  }

  async down() {}
};
