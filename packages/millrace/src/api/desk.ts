import { MillraceError } from '../core/errors.ts';
import { dedupOf, encodeMessage, type InboxMessage } from '../core/run/message.ts';
import type { Ports } from '../engine/ports.ts';
import type { DeliveryResult, Message, RunRef, RunRow, Store } from '../store/port/store.ts';
import type { WhyFacts } from '../core/policy/why.ts';
import type { Replies } from './update.ts';
import type { Results } from './results.ts';

/** What handles need of the process: made by the composition root. */
export interface Desk {
  readonly store: Store;
  readonly ports: Ports;
  readonly results: Results;
  readonly replies: Replies;
  encode(value: unknown, where: string): string;
  checkedName(kind: string, name: string): string;
  newCommitId(): number;
  engineName: string;
  storeTime(): number;
  /** The row, or RUN_NOT_FOUND. */
  readRun(ref: RunRef): Promise<RunRow>;
  facts(row: RunRow): Promise<WhyFacts>;
  /** Delivers one message with its group; resolves when it is durable. @throws RUN_CLOSED, RUN_NOT_FOUND. */
  send(ref: RunRef, message: InboxMessage): Promise<void>;
  requeued(): void;
}

/** Messages leave in groups like plans do; a run that continued as another passes its messages on. */
export async function deliverMessage(
  deliver: (message: Message) => Promise<DeliveryResult>,
  ref: RunRef,
  message: InboxMessage,
): Promise<void> {
  let target = ref;
  for (;;) {
    const result = await deliver({ target, dedup: dedupOf(message), body: encodeMessage(message) });
    switch (result.outcome) {
      case 'delivered':
      case 'duplicate':
        return;
      case 'not-found':
        throw notFound(target);
      case 'run-closed':
        if (result.successor === undefined) {
          throw new MillraceError('RUN_CLOSED', `run ${result.runId} is ${result.status} and takes no ${message.kind}`, {
            details: { runId: result.runId, status: result.status },
          });
        }
        target = { runId: result.successor };
    }
  }
}

export function notFound(ref: RunRef): MillraceError {
  const what = 'runId' in ref ? `run ${ref.runId}` : `a run with key "${ref.key}" in namespace "${ref.namespace}"`;
  return new MillraceError('RUN_NOT_FOUND', `${what} does not exist`, { details: { ...ref } });
}

