import type { ClosedStatus } from '../status.ts';
import type { TaskEnded } from './event.ts';
import { requireReadable } from '../payload/unreadable.ts';

/**
 * What one run, or a person, puts into another run's inbox. Becomes an event when the run next has a turn.
 */
export type InboxMessage = { payload?: string | undefined } & (
  | { kind: 'signal'; id: string; name: string }
  | { kind: 'update'; id: string; name: string }
  | { kind: 'cancel'; id: string }
  | {
      kind: 'child-closed';
      ordinal: number;
      name: string;
      runId: string;
      status: ClosedStatus;
      /** As in the event. */
      child?: string | undefined;
    }
  | { kind: 'external'; ordinal: number; name: string; ok: boolean }
  | ({ kind: 'task-ended' } & Omit<TaskEnded, 'type' | 'payload'>)
  /** Its payload, which the store writes: `{"token":…,"expiresAt":…}`. */
  | { kind: 'lock-granted'; ordinal: number; name: string; askedAt?: number | undefined }
);

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Two lines: the message as JSON, then the payload text verbatim (see chunk.ts). */
export function encodeMessage(message: InboxMessage): Uint8Array {
  const { payload, ...head } = message;
  return ENCODER.encode(payload === undefined ? JSON.stringify(head) : `${JSON.stringify(head)}\n${payload}`);
}

/** Reads a message back. @throws PAYLOAD_UNREADABLE. */
export function decodeMessage(body: Uint8Array): InboxMessage {
  requireReadable(body);
  const text = DECODER.decode(body);
  const end = text.indexOf('\n');
  if (end < 0) return JSON.parse(text) as InboxMessage;
  const message = JSON.parse(text.slice(0, end)) as InboxMessage;
  message.payload = text.slice(end + 1);
  return message;
}

/** The same message sent twice has the same dedup key, whoever sends it. */
export function dedupOf(message: InboxMessage): string {
  switch (message.kind) {
    case 'signal':
      return `signal:${message.id}`;
    case 'update':
      return `update:${message.id}`;
    case 'cancel':
      return `cancel:${message.id}`;
    case 'child-closed':
      return `child:${message.runId}`;
    case 'external':
      return `external:${message.ordinal}:${message.name}`;
    case 'task-ended':
      return `task:${message.runId}`;
    case 'lock-granted':
      return `lock:${message.ordinal}`;
  }
}
