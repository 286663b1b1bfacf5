import { durationMs, type Duration } from '../core/duration.ts';
import { MillraceError, TimeoutError } from '../core/errors.ts';
import { errorOf, type Failure } from '../core/failure.ts';
import { decodeValue } from '../core/json.ts';
import { placedEvents } from '../core/reading/history-items.ts';
import { isClosed } from '../core/status.ts';
import { pause } from '../engine/commit/persist.ts';
import type { Desk } from './desk.ts';

interface Reply {
  ok: boolean;
  payload: string;
}

/**
 * Callers that wait for replies; the engine of this process answers at once, other engines' replies are
 * polled.
 */
export interface Replies {
  wait(id: string, resolve: (reply: Reply) => void): void;
  forget(id: string): void;
  settle(id: string, reply: Reply): void;
  any(): boolean;
}

export function createReplies(): Replies {
  const waiting = new Map<string, (reply: Reply) => void>();
  return {
    wait: (id, resolve) => void waiting.set(id, resolve),
    forget: (id) => void waiting.delete(id),
    settle(id, reply) {
      waiting.get(id)?.(reply);
      waiting.delete(id);
    },
    any: () => waiting.size > 0,
  };
}

const FIRST_POLL_MS = 20;
const LONGEST_POLL_MS = 1_000;
const DEFAULT_TIMEOUT = '30s';

/**
 * Sends a request and waits for its recorded reply. @throws TIMEOUT, UPDATE_REJECTED, or what the handler
 * threw.
 */
export async function sendUpdate<R>(
  desk: Desk,
  runId: string,
  { name, input }: { name: string; input: unknown },
  options: { timeout?: Duration; id?: string },
): Promise<R> {
  const timeoutMs = durationMs(options.timeout ?? DEFAULT_TIMEOUT, 'update, timeout');
  const id = options.id ?? desk.ports.uuid();
  const payload = desk.encode(input, `input of update "${name}"`);
  const { events } = await desk.readRun({ runId });
  const fromSeq = options.id === undefined ? events : 0; // a request sent again may have its reply already
  const local = new Promise<Reply>((resolve) => desk.replies.wait(id, resolve));
  try {
    await desk.send({ runId }, { kind: 'update', id, name: desk.checkedName('update', name), payload });
    const reply = await waitForReply(desk, { runId, id, name, timeoutMs, fromSeq }, local);
    if (reply.ok) return decodeValue(reply.payload) as R;
    throw errorOf(decodeValue(reply.payload) as Failure);
  } finally {
    desk.replies.forget(id);
  }
}

interface Question {
  runId: string;
  id: string;
  name: string;
  timeoutMs: number;
  fromSeq: number;
}

async function waitForReply(desk: Desk, question: Question, local: Promise<Reply>): Promise<Reply> {
  const { runId, name, timeoutMs } = question;
  const until = desk.ports.clock.mono() + timeoutMs;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS)) {
    const left = until - desk.ports.clock.mono();
    if (left <= 0)
      throw new TimeoutError(`update "${name}" of run ${runId} got no reply within ${timeoutMs} ms`);
    const reply = await Promise.race([local, pause(desk.ports, Math.min(pollMs, left))]);
    if (reply !== undefined) return reply;
    const row = await desk.readRun({ runId });
    const recorded = await recordedReply(desk, question);
    if (recorded !== undefined) return recorded;
    if (isClosed(row.status)) {
      throw new MillraceError(
        'UPDATE_REJECTED',
        `run ${runId} ended (${row.status}) without answering "${name}"`,
      );
    }
  }
}

async function recordedReply(desk: Desk, { runId, id, fromSeq }: Question): Promise<Reply | undefined> {
  const chunks = await desk.readHistory(runId, fromSeq);
  for (const { event } of placedEvents(chunks)) {
    if (event.type === 'update-replied' && event.id === id)
      return { ok: event.ok, payload: event.payload ?? 'null' };
  }
  return undefined;
}
