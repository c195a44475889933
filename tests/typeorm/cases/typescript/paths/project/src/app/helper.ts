// SPDX-License-Identifier: Apache-2.0
import { shared } from 'shared';

export const helper = (): string => `helper with ${shared}`;
