import { describe, expect, it } from 'vitest';
import { describeCluster, engineStatus, type ClusterFacts } from './describe-cluster.ts';
import { describeFailover } from './describe-failover.ts';
import { engineView, type SeenEngine } from './engine-view.ts';
import { bytesOf } from './fields.ts';
import { decodeLoad, encodeLoad, type EngineLoad } from './load.ts';
import { decodeProfile, encodeProfile, type EngineProfile } from './profile.ts';
import { emptyTally, sumTallies } from './shadow.ts';

const PROFILE: EngineProfile = {
  region: 'eu-west',
  labels: ['gpu'],
  weight: 2,
  namespace: 'shop',
  queues: ['fast'],
  executors: ['mail.send'],
  workflows: [{ workflow: 'order', version: '1' }],
  definitions: true,
  capacity: { workflows: 10, tasks: 20 },
  beatMs: 500,
  leaseMs: 2_000,
  expected: ['alpha', 'beta'],
};
const FIGURES = {
  cpuUsage: 12.5,
  memoryUsage: 40,
  loopLagMs: 3,
  activeWorkflows: 1,
  activeTasks: 2,
  latencyMs: 4,
  failureRate: 0.25,
  storeFailing: false,
  shadow: { strategy: 'locality', placed: 4, agreed: 1, waitMs: 8, shadowWaitMs: 2 },
};
const LOAD: EngineLoad = { state: 'running', ...FIGURES, pool: undefined };
const NOW = Date.UTC(2026, 0, 1);

function seen(more: Partial<SeenEngine> = {}): SeenEngine {
  const [profile, load] = [encodeProfile(PROFILE), encodeLoad(LOAD)];
  return {
    ...{
      engineId: 'id-alpha',
      name: 'alpha',
      startedAt: NOW - 60_000,
      beatAt: NOW,
      beatSeq: 9,
      profile,
      load,
    },
    ...{ retired: false, drain: false, session: 'unknown' },
    ...more,
  };
}
function describeAll(facts: Partial<ClusterFacts>) {
  const none = { engines: [], leader: undefined, expected: [], strategy: 'locality', shadow: undefined };
  const stored = { namespace: 'shop', versions: [{ workflow: 'bill', version: '3' }] };
  return describeCluster({ now: NOW, ...none, stored, ...facts });
}

describe('what engines tell of themselves', () => {
  it('is read as it was told', () => {
    expect(decodeProfile(encodeProfile(PROFILE))).toEqual(PROFILE);
    expect(decodeLoad(encodeLoad(LOAD))).toEqual(LOAD);
    expect(decodeLoad(encodeLoad({ ...LOAD, state: 'draining' })).state).toBe('draining');
    expect(engineView(seen(), NOW)).toEqual({
      ...{ engineId: 'id-alpha', name: 'alpha', ...PROFILE, load: LOAD, state: 'alive', beat: 9 },
    });
  });

  it('is read without what another version tells otherwise', () => {
    const nothing = decodeProfile(new Uint8Array());
    expect(nothing).toEqual({
      ...{ region: undefined, labels: [], weight: 1, namespace: 'default', queues: undefined },
      ...{ executors: [], workflows: [], definitions: false, capacity: { workflows: 0, tasks: 0 } },
      ...{ beatMs: 1_000, leaseMs: 5_000, expected: [] },
    });
    for (const odd of ['null', '17', '[', '{"capacity":7,"labels":"x","weight":-1,"region":4}'])
      expect(decodeProfile(new TextEncoder().encode(odd))).toEqual(nothing);
    const more = {
      ...PROFILE,
      colour: 'red',
      labels: ['gpu', 7],
      workflows: [...PROFILE.workflows, { workflow: 3 }],
    };
    expect(decodeProfile(bytesOf(more))).toEqual(PROFILE);
    expect(decodeProfile(bytesOf({ workflows: [{ workflow: 'order', version: 1 }] })).workflows).toEqual([]);
    expect(decodeLoad(bytesOf({ cpuUsage: 'high', latencyMs: null, shadow: { placed: 3 } }))).toMatchObject({
      ...{ cpuUsage: 0, latencyMs: 0, storeFailing: false, shadow: undefined },
    });
    expect(
      decodeLoad(bytesOf({ storeFailing: true, shadow: { strategy: 'new', placed: -1 } })),
    ).toMatchObject({
      ...{ storeFailing: true, shadow: { strategy: 'new', placed: 0, agreed: 0 } },
    });
  });
});

describe('the status of an engine', () => {
  it.each([
    ['alive', {}],
    ['alive', { beatAt: NOW - 1_250 }],
    ['suspect', { beatAt: NOW - 1_251 }],
    ['suspect', { session: 'gone' }],
    ['suspect', { session: 'gone', drain: true }],
    ['draining', { drain: true }],
    ['draining', { load: encodeLoad({ ...LOAD, state: 'draining' }) }],
    ['dead', { retired: true, drain: true }],
  ] as const)('is %s with %j', (status, more) => {
    expect(engineStatus(seen(more), NOW)).toBe(status);
  });
});

describe('a cluster', () => {
  it('without engines has no leader', () => {
    const leaderless = { leader: null, leaderIncarnation: null, term: null, engines: [], missing: [] };
    const nothing = { ...leaderless, strategy: 'locality', shadow: null };
    expect(describeAll({})).toEqual(nothing);
    expect(describeAll({ leader: { engineId: 'gone', term: 4 } })).toEqual({ ...nothing, term: 4 });
  });

  it('shows its engines, its leader and who is missing', () => {
    const dead = seen({ engineId: 'id-beta', name: 'beta', retired: true });
    const silent = seen({ engineId: 'id-gamma', name: 'gamma', beatAt: 0 });
    const cluster = describeAll({
      engines: [seen(), dead, silent],
      leader: { engineId: 'id-alpha', term: 3 },
      expected: ['alpha', 'gamma', 'delta'],
      shadow: 'affinity',
    });
    expect(cluster).toMatchObject({
      leader: 'alpha',
      leaderIncarnation: 'id-alpha',
      term: 3,
      shadow: 'affinity',
    });
    expect(cluster.missing).toEqual(['beta', 'delta', 'gamma']);
    const { region, labels, weight, namespace, queues, executors, capacity, workflows } = PROFILE;
    const profile = { region, labels, weight, namespace, queues, executors, capacity };
    expect(cluster.engines[0]).toEqual({
      ...{
        engineId: 'alpha',
        incarnation: 'id-alpha',
        status: 'alive',
        ...profile,
        versions: [...workflows, { workflow: 'bill', version: '3' }],
        load: FIGURES,
        unhealthy: null,
        pool: null,
      },
      startedAt: '2025-12-31T23:59:00.000Z',
      lastBeatAt: '2026-01-01T00:00:00.000Z',
    });
    expect(cluster.engines.map(({ status }) => status)).toEqual(['alive', 'dead', 'suspect']);
  });

  it('shows definitions on the engines that interpret them, and on no others', () => {
    const versionsOf = (more: Partial<EngineProfile>) =>
      describeAll({ engines: [seen({ profile: encodeProfile({ ...PROFILE, ...more }) })] }).engines[0]
        ?.versions;
    expect(versionsOf({ definitions: false })).toEqual(PROFILE.workflows);
    expect(versionsOf({ namespace: 'other' })).toEqual(PROFILE.workflows);
    const none = { namespace: 'shop', versions: [] };
    expect(describeAll({ engines: [seen()], stored: none }).engines[0]?.versions).toEqual(PROFILE.workflows);
  });

  it('says why an engine is passed over', () => {
    const load = encodeLoad({ ...LOAD, storeFailing: true });
    const [engine] = describeAll({ engines: [seen({ load })] }).engines;
    expect(engine?.unhealthy).toBe('its calls to the store fail');
  });

  it('shows what an engine without options has as null', () => {
    const [engine] = describeAll({ engines: [seen({ profile: new Uint8Array() })] }).engines;
    expect(engine).toMatchObject({ region: null, queues: null, weight: 1 });
  });
});

describe('what engines counted of a shadow', () => {
  it('is summed, without what they counted for another one', () => {
    const tally = { strategy: 'locality', placed: 2, agreed: 1, waitMs: 3, shadowWaitMs: 5 };
    const others = [tally, undefined, { ...tally, strategy: 'affinity' }, { ...tally, placed: 5 }];
    expect(sumTallies('locality', others)).toEqual({
      ...{ strategy: 'locality', placed: 7, agreed: 2, waitMs: 6, shadowWaitMs: 10 },
    });
    expect(sumTallies('locality', [])).toEqual(emptyTally('locality'));
  });
});

describe('a failover', () => {
  it('is shown with what is known of it', () => {
    const event = {
      ...{
        eventId: 'id',
        kind: 'detected' as const,
        engineName: 'alpha',
        takeoverId: 't',
        takeoverName: 'beta',
      },
      ...{
        detectedAt: NOW,
        finishedAt: NOW,
        silentMs: 7,
        runs: 1,
        runIds: ['r'],
        quarantined: [],
        locks: ['default/a'],
      },
    };
    expect(describeFailover(event)).toEqual({
      ...{ eventId: 'id', kind: 'detected', failedEngine: 'alpha', failedIncarnation: 'id' },
      ...{ takeoverEngine: 'beta', takeoverIncarnation: 't', silentMs: 7 },
      detectedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:00.000Z',
      ...{ runs: 1, runIds: ['r'], quarantined: [], locks: ['default/a'] },
    });
    const nothing = {
      takeoverId: undefined,
      takeoverName: undefined,
      finishedAt: undefined,
      silentMs: undefined,
    };
    expect(describeFailover({ ...event, ...nothing })).toMatchObject({
      ...{ takeoverEngine: null, takeoverIncarnation: null, finishedAt: null, silentMs: null },
    });
  });
});
