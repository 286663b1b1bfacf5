import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { now } from '../measure/clock.mjs';
import { quantile } from '../measure/statistics.mjs';

const BLOCK = Buffer.alloc(8192, 1);
const FOR_MS = 2000;

/** What making 8 kB durable costs in this folder: append and fdatasync, one after the other. */
export function measureDisk(folder) {
  const file = openSync(join(folder, 'disk'), 'a');
  const samples = [];
  const startedAt = now();
  while (now() - startedAt < FOR_MS) {
    const before = now();
    writeSync(file, BLOCK);
    fdatasyncSync(file);
    samples.push(now() - before);
  }
  closeSync(file);
  return {
    'syncs/s': samples.length / (FOR_MS / 1000),
    'p50 ms': quantile(samples, 0.5),
    'p99 ms': quantile(samples, 0.99),
  };
}
