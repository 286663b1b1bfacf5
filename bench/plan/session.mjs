import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../servers/postgres.mjs';
import { startRedis } from '../servers/redis.mjs';
import { measureCeilings } from '../spike/spike.mjs';
import { launch } from './launch.mjs';

const OUT = join(import.meta.dirname, '..', 'out');

/** Starts the servers that the subjects need. */
export async function startServers(subjects, options) {
  const needs = (store) => subjects.some((subject) => subject.store === store);
  const servers = {};
  if (needs('postgres') || options.spike) servers.postgres = await startPostgres(options);
  if (needs('redis')) servers.redis = await startRedis(options.folder);
  return {
    ...servers,
    async stop() {
      await servers.postgres?.stop();
      await servers.redis?.stop();
    },
  };
}

/** A file of JSON lines in bench/out, one for each repetition; the first says where and when. */
export function openRecords(options, servers) {
  mkdirSync(OUT, { recursive: true });
  const startedAt = new Date().toISOString();
  const path = join(OUT, `${startedAt.replaceAll(':', '').slice(0, 17)}.jsonl`);
  const append = (record) => appendFileSync(path, `${JSON.stringify(record)}\n`);
  const machine = {
    startedAt,
    cpu: cpus()[0].model,
    cpus: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    postgres: servers.postgres?.version,
    redis: servers.redis?.version,
    options: { ...options, folder: undefined, engine: undefined },
  };
  append(machine);
  return { path, folder: OUT, machine, append };
}

/**
 * Runs every chosen workload: for each the first repetition of every subject, then the second of every
 * subject, and so on, so that a slow hour of the machine hits all of them, and the ceilings if these are wanted.
 * Calls `tell` with every record.
 */
export async function runSession({ subjects, servers, options, tell }) {
  for (const workload of options.workloads) {
    const able = subjects.filter((subject) => subject.workloads.includes(workload));
    for (let repetition = 1; repetition <= options.reps; repetition++) {
      for (const subject of able) {
        const result = await launch({ subject, workload, servers, options });
        tell({ workload, subject: subject.name, engine: subject.engine, repetition, ...result });
      }
      if (options.spike) await measureCeilings({ workload, repetition, servers, options, tell });
    }
  }
}
