// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';

const tell = createRequire(import.meta.url)('../tell');

export default class { name = 'Nameless1700000000005'; async up(runner) { await tell(runner, 'default', this.name); } async down() {} }
export const one = 1;
export { Renamed as Other };

class Renamed { name = 'Renamed1700000000006'; async up(runner) { await tell(runner, 'renamed', this.constructor.name); } async down() {} }
