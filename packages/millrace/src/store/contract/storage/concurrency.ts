import { expect } from 'vitest';
import {
  advance,
  boot,
  bytes,
  claim,
  closing,
  commitOne,
  CONTINUE,
  messageTo,
  planOf,
  rowOf,
  startOf,
  startOwned,
  suspension,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

export const concurrencyPromises: Promises = {
  'fifty starts with one key at once are one run': async ({ store, second }) => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? store : second).startRuns([startOf({ key: 'k', fingerprint: 'f' })]),
      ),
    );
    const outcomes = results.flat();
    expect(outcomes.filter((result) => result.outcome === 'started')).toHaveLength(1);
    expect(outcomes.filter((result) => result.outcome === 'existing')).toHaveLength(49);
    expect(new Set(outcomes.map((result) => result.runId)).size).toBe(1);
  },
  'engines that claim at once share the runs and take none twice': async ({ store, second }) => {
    const requests = Array.from({ length: 60 }, () => startOf());
    await store.startRuns(requests);
    const engines = [await boot(store), await boot(second), await boot(store), await boot(second)];
    const taken: string[] = [];
    for (let round = 0; round < 20 && taken.length < requests.length; round += 1) {
      const claims = engines.map((engineId, index) =>
        claim(index % 2 === 0 ? store : second, engineId, { limit: 7 }),
      );
      taken.push(...(await Promise.all(claims)).flat().map((run) => run.runId));
    }
    expect(taken.toSorted()).toEqual(requests.map((request) => request.runId).toSorted());
  },
  'of plans for one version at once one is applied': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        commitOne(index % 2 === 0 ? store : second, planOf(run, CONTINUE)),
      ),
    );
    expect(results.filter((result) => result.outcome === 'ok')).toHaveLength(1);
    expect(await rowOf(store, run.runId)).toMatchObject({ version: 1, events: 2 });
  },
  'one plan that is sent many times at once is applied once': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    const plan = planOf(run, CONTINUE);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => commitOne(index % 2 === 0 ? store : second, plan)),
    );
    expect(results.map((result) => result.outcome).toSorted()).toEqual([...Array(9).fill('already'), 'ok']);
  },
  'messages to one run at once are all there, numbered without gap': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    const dedups = Array.from({ length: 40 }, (_, index) => `m${index}`);
    await Promise.all(
      dedups.map((dedup, index) => (index % 2 === 0 ? store : second).deliver([messageTo(run.runId, dedup)])),
    );
    const inbox = await store.readInbox(run.runId);
    expect(inbox.map((row) => row.seq)).toEqual(dedups.map((_, index) => index + 1));
    expect(inbox.map((row) => row.dedup).toSorted()).toEqual(dedups.toSorted());
  },
  'one message that is sent many times at once is there once': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store : second).deliver([messageTo(run.runId)]),
      ),
    );
    expect(results.flat().filter((result) => result.outcome === 'delivered')).toHaveLength(1);
    expect(await store.readInbox(run.runId)).toHaveLength(1);
  },
  'a message and a suspension at once: no message is slept through (I5)': async ({ store, second }) => {
    const engineId = await boot(store);
    for (let round = 0; round < 20; round += 1) {
      const run = await startOwned(store, engineId, { queue: `q${round}` });
      const [result] = await Promise.all([
        commitOne(store, planOf(run, suspension(run))),
        second.deliver([messageTo(run.runId)]),
      ]);
      const { status } = await rowOf(store, run.runId);
      expect([result.outcome, status]).toEqual(
        result.outcome === 'ok' ? ['ok', 'queued'] : ['unread', 'running'],
      );
    }
  },
  'a message and a close at once: the message is seen or refused (I5, I6)': async ({ store, second }) => {
    const engineId = await boot(store);
    for (let round = 0; round < 20; round += 1) {
      const run = await startOwned(store, engineId, { queue: `q${round}` });
      const [result, [delivery]] = await Promise.all([
        commitOne(store, planOf(run, closing(run))),
        second.deliver([messageTo(run.runId)]),
      ]);
      const expected = delivery?.outcome === 'run-closed' ? 'ok' : 'unread';
      expect(result.outcome).toBe(expected);
    }
  },
  'a retirement and a commit at once: the commit counts or is a conflict (I9)': async ({ store, second }) => {
    for (let round = 0; round < 10; round += 1) {
      const run = await startOwned(store, await boot(store), { queue: `q${round}` });
      const [result] = await Promise.all([
        commitOne(store, planOf(run, CONTINUE)),
        second.retire(run.engineId, undefined, { limit: 9, deathLimit: 3, harmless: true }),
      ]);
      const row = await rowOf(store, run.runId);
      expect(row).toMatchObject({ status: 'queued', version: result.outcome === 'ok' ? 1 : 0 });
      expect(['ok', 'conflict']).toContain(result.outcome);
    }
  },
  'runs that message each other at once do not hinder each other': async ({ store, second }) => {
    const engineId = await boot(store);
    const [left, right] = [await startOwned(store, engineId), await startOwned(store, engineId)];
    const [first, other] = await Promise.all([
      commitOne(store, planOf(left, CONTINUE, { messages: [messageTo(right.runId)] })),
      commitOne(second, planOf(right, CONTINUE, { messages: [messageTo(left.runId)] })),
    ]);
    expect([first.outcome, other.outcome]).toEqual(['ok', 'ok']);
    expect(await store.readInbox(left.runId)).toHaveLength(1);
    expect(await store.readInbox(right.runId)).toHaveLength(1);
  },
  'what one process commits another reads at once': async ({ store, second }) => {
    const run = await startOwned(store, await boot(store));
    await advance(store, run, closing(run), { history: bytes('end') });
    expect((await rowOf(second, run.runId)).status).toBe('completed');
  },
  'wakers at once wake each run once': async ({ store, second, clock }) => {
    const engineId = await boot(store);
    for (let made = 0; made < 20; made += 1) {
      const run = await startOwned(store, engineId, { queue: `q${made}` });
      await advance(store, run, suspension(run, clock.now()));
    }
    const request = { limit: 7, adopter: undefined, workflows: [] };
    const wakers = Array.from({ length: 6 }, (_, index) =>
      (index % 2 === 0 ? store : second).wakeDue(request),
    );
    const results = await Promise.all(wakers);
    expect(results.reduce((sum, result) => sum + result.queued, 0)).toBe(20);
  },
};
