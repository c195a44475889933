// SPDX-License-Identifier: Apache-2.0
import tell = require('../tell');

class Base {
  kept: string;
  constructor() { this.kept = 'of the base'; this.init(); }
  init(): void {}
}

class Derived extends Base {
  kept: string;
  from = this.given.toUpperCase();
  set?: string;
  static made: number;
  constructor(private given: string) { super(); }
  init(): void { this.set = 'by init'; }
}

export class Fields1700000000001 {
  name = 'Fields1700000000001';
  transaction?: boolean;
  async up(runner: any) {
    const one = new Derived('given');
    await tell(runner, 'fields', [one, Object.keys(one), 'made' in Derived]);
  }
  async down() {}
}
