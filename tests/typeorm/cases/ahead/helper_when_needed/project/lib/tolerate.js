// SPDX-License-Identifier: Apache-2.0
'use strict';

exports.tolerate = async (runner, text) => {
  let bad = false;
  await runner.query('SAVEPOINT s');
  try {
    await runner.query(text);
  } catch {
    bad = true;
  }
  await runner.query(bad ? 'ROLLBACK TO SAVEPOINT s' : 'RELEASE SAVEPOINT s');
};
