import { describe, expect, it } from 'vitest';
import { STARTED } from '../../../testbed/samples/history.ts';
import { encodeChunk } from '../../core/run/chunk.ts';
import type { RunEvent } from '../../core/run/event.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { nodePorts } from '../../ports/node-ports.ts';
import { rehearseHere } from './rehearser.ts';

const order = workflow('order', (ctx) => ctx.waitForSignal('go'));

function rehearse(...chunks: readonly Uint8Array[]) {
  const judge = rehearseHere(nodePorts(() => {}).drained);
  const rows = chunks.map((data, seq) => ({ seq, count: 1, data }));
  return judge({ workflow: order, runId: '0199b0a0-0000-7000-8000-000000000001', chunks: rows });
}

function chunkOf(event: RunEvent): Uint8Array {
  return encodeChunk({ at: 1, engine: 'one' }, [event]);
}

describe('a run that moves while it is looked at', () => {
  it('does not count once it has ended, or nothing is left of it', async () => {
    expect(await rehearse(chunkOf(STARTED))).toEqual({ outcome: 'agrees' });
    expect(await rehearse(chunkOf(STARTED), chunkOf({ type: 'cancelled' }))).toEqual({ outcome: 'ended' });
    expect(await rehearse()).toEqual({ outcome: 'ended' });
  });
});

describe('a history that cannot be read', () => {
  it('is a breach of that run alone', async () => {
    const verdict = { outcome: 'breaks', code: 'UNREADABLE', at: 'its history' };
    expect(await rehearse(new Uint8Array([255]))).toMatchObject(verdict);
    expect(await rehearse(chunkOf({ type: 'completed' }), chunkOf(STARTED))).toMatchObject(verdict);
  });
});
