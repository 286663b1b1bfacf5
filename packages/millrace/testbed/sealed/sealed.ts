import { createHash } from 'node:crypto';
import type { PayloadKey } from '../../src/core/configuration/payload-keys.ts';

/** A key of this id that is the same in every test. */
export function testKey(id: string, seed = id): PayloadKey {
  return { id, key: createHash('sha256').update(seed).digest() };
}
