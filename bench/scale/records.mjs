import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

const OUT = join(import.meta.dirname, '..', 'out');

/** A file of JSON lines in bench/out, one for each case; the first says where and when. */
export function openScaleRecords(options, postgres, kind = 'scale') {
  mkdirSync(OUT, { recursive: true });
  const startedAt = new Date().toISOString();
  const path = join(OUT, `${kind}-${startedAt.replaceAll(':', '').slice(0, 17)}.jsonl`);
  const append = (record) => appendFileSync(path, `${JSON.stringify(record)}\n`);
  append({
    startedAt,
    cpu: cpus()[0].model,
    cpus: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    postgres: postgres?.version,
    options: { ...options, folder: undefined, engine: undefined },
  });
  return { path, append };
}
