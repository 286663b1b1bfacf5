import { startPostgresPair } from '../../testbed/postgres-pair.ts';
import { readEvidence, type Evidence } from '../judge/evidence.ts';
import { judgeEvidence, type Figures } from '../judge/judge.ts';
import { monotonicMs } from '../rig/monotonic.ts';
import { single, type StoreKind } from '../rig/place.ts';
import {
  judgeDeath,
  judgeEngines,
  judgeHolding,
  judgeUnharmed,
  type HoldingFigures,
} from './judge-disaster.ts';
import type { Disaster, Servers } from './disasters.ts';
import { measure, type Moments, type Times } from './measure.ts';
import { openStage, type Size, type Stage } from './stage.ts';

/** What came of one disaster. */
export interface Played {
  readonly violations: readonly string[];
  readonly figures: Figures & HoldingFigures;
  readonly times: Times;
}

/** Plays one disaster to its end, and judges it. */
export async function play(
  disaster: Disaster,
  kind: StoreKind,
  size: Size,
  servers: Servers,
): Promise<Played> {
  if (disaster.pair !== true) return playWith(disaster, kind, size, servers);
  const pair = await startPostgresPair();
  try {
    return await playWith(disaster, kind, size, { pair });
  } finally {
    await pair.remove();
  }
}

async function playWith(disaster: Disaster, kind: StoreKind, size: Size, servers: Servers): Promise<Played> {
  const leaseMs = disaster.death ? size.leaseMs : size.calmLeaseMs;
  const suspectMs = disaster.byLease === true ? leaseMs : size.suspectMs;
  const stage = await openStage({
    kind,
    size: { ...size, leaseMs, suspectMs },
    server: serverOf(kind, servers),
    cuttable: disaster.cuts === true,
  });
  try {
    const striking = disaster.strike(stage, servers);
    // Not before: while this process waits for its turn, the victim still brings steps to an end.
    const struckAt = monotonicMs();
    if (disaster.zombie !== true) stage.letGo();
    const backAt = await striking;
    await stage.settle();
    return await judgeStage(disaster, stage, { struckAt, backAt });
  } finally {
    await stage.end();
  }
}

function serverOf(kind: StoreKind, { cluster, pair }: Servers) {
  if (kind === 'sqlite') return undefined;
  if (pair !== undefined) {
    return { url: pair.primary.url, reach: pair.both, writable: pair.writable, lasting: false };
  }
  if (cluster === undefined) throw new Error('a disaster on PostgreSQL needs a server');
  return single(cluster.url);
}

async function judgeStage(disaster: Disaster, stage: Stage, moments: Moments): Promise<Played> {
  const evidence: Evidence = await readEvidence(stage.rig);
  const { violations, figures } = judgeEvidence(evidence, { overlapping: disaster.zombie === true });
  const death = disaster.death && moments.backAt === undefined;
  const times = measure(death, stage, evidence, moments);
  const wrong = death
    ? judgeDeath(stage, evidence, times, disaster.zombie === true)
    : judgeUnharmed(evidence, times);
  const holding = judgeHolding(stage, evidence, { death, zombie: disaster.zombie === true });
  const all = [...violations, ...wrong, ...holding.violations, ...judgeEngines(stage)];
  return { violations: all, figures: { ...figures, ...holding.figures }, times };
}
