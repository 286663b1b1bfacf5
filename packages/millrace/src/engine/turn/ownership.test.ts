import { describe, expect, it } from 'vitest';
import { dedupOf, encodeMessage, type InboxMessage } from '../../core/run/message.ts';
import { startOf } from '../../store/contract/samples.ts';
import type { InboxRow } from '../../store/port/store.ts';
import { createInstance, type Instance } from '../instance.ts';
import { takeMessage, takeMessages } from './ownership.ts';

function instanceOf(): Instance {
  const { runId, namespace, workflow, workflowVersion, queue, priority, tags } = startOf();
  const row = { runId, namespace, workflow, workflowVersion, queue, priority, tags };
  const nobody = { key: undefined, parentRunId: undefined, parentOrdinal: undefined, deadlineAt: undefined };
  const place = { createdAt: 0, epoch: 1, version: 0, events: 1, inboxSeq: 0, suspect: false };
  // Neither workflow nor execution is looked at by what is tested here.
  return createInstance({ ...row, ...nobody, ...place }, undefined as never, undefined as never);
}

function signalRow(seq: number): InboxRow {
  const message: InboxMessage = { kind: 'signal', id: `s${seq}`, name: 'go', payload: String(seq) };
  return { seq, dedup: dedupOf(message), body: encodeMessage(message) };
}
const taken = ({ arrivals }: Instance): unknown[] => arrivals.map((event) => 'id' in event && event.id);

describe('messages', () => {
  it('that were taken and are still in the inbox are not taken again (N3)', () => {
    const instance = instanceOf();
    takeMessages(instance, [signalRow(1), signalRow(2)], 2);
    // No plan has consumed the first two yet: a look at the inbox finds them beside the third.
    takeMessages(instance, [signalRow(1), signalRow(2), signalRow(3)], 3);
    expect(taken(instance)).toEqual(['s1', 's2', 's3']);
    expect(instance.consumed).toEqual([1, 2, 3]);
  });

  it('handed over by this process are taken in order, and what is missing before them is fetched', () => {
    const instance = instanceOf();
    const [one, three] = [signalRow(1), signalRow(3)];
    takeMessage(instance, 1, one.body);
    takeMessage(instance, 1, one.body);
    takeMessage(instance, 3, three.body);
    expect(taken(instance)).toEqual(['s1']);
    expect(instance.inboxBehind).toBe(true);
  });
});
