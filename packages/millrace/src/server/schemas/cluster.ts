import { z } from 'zod';
import { STRATEGIES } from '../../core/placement/strategy.ts';
import { page } from './page.ts';
import { instant } from './runs/run.ts';

export const engineName = z
  .string()
  .min(1)
  .max(256)
  .meta({ description: 'Name of an engine, its incarnation, or the first 8 or more characters of that' });

export const strategyName = z.enum(STRATEGIES);

const load = z.looseObject({
  cpuUsage: z.number().meta({ description: '0 to 100' }),
  memoryUsage: z.number().meta({ description: '0 to 100' }),
  activeWorkflows: z.int(),
  activeTasks: z.int(),
  loopLagMs: z.number(),
});

const engine = z
  .looseObject({
    engineId: z.string(),
    incarnation: z.string(),
    status: z.enum(['alive', 'suspect', 'draining', 'dead']),
    region: z.string().nullable(),
    labels: z.array(z.string()),
    weight: z.number(),
    executors: z.array(z.string()),
    versions: z.array(z.looseObject({ workflow: z.string(), version: z.string() })),
    load,
    unhealthy: z.string().nullable(),
    startedAt: instant,
    lastBeatAt: instant,
  })
  .meta({ id: 'Engine' });

export const cluster = z
  .looseObject({
    leader: z.string().nullable(),
    term: z.int().nullable(),
    strategy: z.string(),
    shadow: z.string().nullable(),
    engines: z.array(engine),
    missing: z.array(z.string()),
  })
  .meta({ id: 'Cluster' });

/** An engine that was told something. */
export const told = z
  .looseObject({ engineId: z.string(), incarnation: z.string() })
  .meta({ id: 'EngineTold' });

export const declared = z
  .looseObject({ engineId: z.string(), incarnation: z.string(), requeued: z.int() })
  .meta({ id: 'EngineDeclaredDead' });

export const strategy = z
  .looseObject({
    strategy: strategyName,
    source: z.enum(['cluster', 'engine']),
    since: instant.nullable(),
    shadow: strategyName.nullable(),
    queues: z.record(z.string(), strategyName),
    adaptive: z.looseObject({ strategy: strategyName, reason: z.string() }).nullable(),
    comparison: z
      .looseObject({
        placed: z.int(),
        agreement: z.number().nullable(),
        waitMs: z.number().nullable(),
        shadowWaitMs: z.number().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Strategy' });

export const strategyChange = z
  .strictObject({
    strategy: strategyName
      .nullable()
      .meta({ description: 'null: each engine goes by its own ASSIGNMENT_STRATEGY' }),
    shadow: strategyName.optional(),
    queues: z.record(z.string().min(1).max(128), strategyName).optional(),
  })
  .meta({ id: 'StrategyChange' });

const failover = z
  .looseObject({
    eventId: z.string(),
    kind: z.enum(['declared', 'detected']),
    failedEngine: z.string(),
    failedIncarnation: z.string(),
    takeoverEngine: z.string().nullable(),
    detectedAt: instant,
    finishedAt: instant.nullable(),
    silentMs: z.number().nullable(),
    runs: z.int(),
    runIds: z.array(z.string()),
    quarantined: z.array(z.string()),
    locks: z.array(z.string()),
  })
  .meta({ id: 'Failover' });

export const failovers = page(failover).meta({ id: 'FailoverList' });

const scored = z.looseObject({ engineId: z.string(), incarnation: z.string(), score: z.number() });
const refused = z.looseObject({ engineId: z.string(), kind: z.string(), message: z.string() });

export const choice = z
  .looseObject({
    engineId: z.string().nullable(),
    incarnation: z.string().nullable(),
    strategy: strategyName,
    reason: z.string(),
    scoredBy: z.string().nullable(),
    scores: z.array(scored),
    refusals: z.array(refused),
  })
  .meta({ id: 'InstanceChoice' });

const claimant = z.looseObject({
  kind: z.enum(['run', 'engine', 'client']),
  id: z.string(),
  owner: z.string(),
  since: instant,
});

const lock = z
  .looseObject({
    name: z.string(),
    token: z.int(),
    holder: claimant.nullable(),
    expiresAt: instant.nullable(),
    expired: z.boolean(),
    waiters: z.array(claimant),
  })
  .meta({ id: 'Lock' });

export const locks = page(lock).meta({ id: 'LockList' });
