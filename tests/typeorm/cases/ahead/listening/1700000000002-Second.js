// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.Second1700000000002 = class Second1700000000002 {
  async up(runner) {
    const client = await runner.connect();
    const heard = [];
    client.addListener('notice', (notice) => heard.push(notice.message));
    await runner.query('DROP TABLE IF EXISTS nothing');
    await runner.query(`COMMENT ON TABLE first IS '${heard.length} notices'`);
  }

  async down() {}
};
