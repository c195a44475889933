// SPDX-License-Identifier: Apache-2.0
import { path } from './tell.mjs';

export class Later { value = path.basename('/a/later'); }
