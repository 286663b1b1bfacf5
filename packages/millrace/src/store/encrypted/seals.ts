import type {
  AppendedLine,
  Message,
  NextState,
  Plan,
  RunRef,
  StartRequest,
  StoredLine,
} from '../port/store.ts';
import { isSealed, readEnvelope } from './envelope.ts';
import type { Keyring, Place } from './keyring.ts';

/** What of the runs of one namespace is sealed, and for which place. */
export class Seals {
  private readonly ring: Keyring;
  private readonly namespace: string;

  constructor(ring: Keyring, namespace: string) {
    this.ring = ring;
    this.namespace = namespace;
  }

  start(request: StartRequest): StartRequest {
    const { runId, key, namespace, message } = request;
    const target: RunRef = key === undefined ? { runId } : { namespace, key };
    return {
      ...request,
      history: this.ring.seal(request.history, this.history(runId, 0)),
      message: message && { ...message, body: this.messageTo({ ...message, target }).body },
    };
  }

  plan(plan: Plan): Plan {
    const { runId, seq, history, starts, messages } = plan;
    return {
      ...plan,
      history: history && this.ring.seal(history, this.history(runId, seq)),
      next: this.next(runId, plan.next),
      starts: starts.length === 0 ? starts : starts.map((start) => this.start(start)),
      messages: messages.length === 0 ? messages : messages.map((message) => this.messageTo(message)),
    };
  }

  chunk(runId: string, seq: number, data: Uint8Array): Uint8Array {
    return this.ring.seal(data, this.history(runId, seq));
  }

  /** To whom a key belongs is known only when it is delivered: such a message is bound to the key. */
  messageTo(message: Message): Message {
    const { target, dedup, body } = message;
    const place = 'runId' in target ? this.toRun(target.runId, dedup) : this.toKey(target.key, dedup);
    return { ...message, body: this.ring.seal(body, place) };
  }

  openChunk(runId: string, seq: number, data: Uint8Array): Uint8Array {
    return isSealed(data) ? this.ring.open(data, this.history(runId, seq)) : data;
  }

  openWaits(runId: string, data: Uint8Array): Uint8Array {
    return isSealed(data) ? this.ring.open(data, this.waits(runId)) : data;
  }

  /** @param key - of the run; undefined: it has none. */
  openMessage(to: { runId: string; key: string | undefined }, dedup: string, body: Uint8Array): Uint8Array {
    if (!isSealed(body)) return body;
    const { runId, key = '' } = to;
    return this.ring.open(body, isToKey(body) ? this.toKey(key, dedup) : this.toRun(runId, dedup));
  }

  line({ runId, at, body }: AppendedLine): AppendedLine {
    return { runId, at, body: this.ring.seal(body, this.lineOf(runId, at)) };
  }

  openLine(runId: string, { at, body }: StoredLine): Uint8Array {
    return isSealed(body) ? this.ring.open(body, this.lineOf(runId, at)) : body;
  }

  private next(runId: string, next: NextState): NextState {
    if (next.kind !== 'suspend' && next.kind !== 'block') return next;
    // It says which key is missing, to those who do not have it.
    if (next.kind === 'block' && next.code === 'PAYLOAD_UNREADABLE') return next;
    return { ...next, waits: this.ring.seal(next.waits, this.waits(runId)) };
  }

  private history(runId: string, seq: number): Place {
    const what = `the history of run ${runId} from event ${seq}`;
    return { what, toKey: false, bound: [this.namespace, runId, 'history', seq] };
  }
  private waits(runId: string): Place {
    return { what: `what run ${runId} waits for`, toKey: false, bound: [this.namespace, runId, 'waits'] };
  }
  private lineOf(runId: string, at: number): Place {
    return {
      what: `a line of the log of run ${runId}`,
      toKey: false,
      bound: [this.namespace, runId, 'log', at],
    };
  }
  private toRun(runId: string, dedup: string): Place {
    const what = `message ${dedup} to run ${runId}`;
    return { what, toKey: false, bound: [this.namespace, runId, 'message', dedup] };
  }
  private toKey(key: string, dedup: string): Place {
    const what = `message ${dedup} to key ${JSON.stringify(key)}`;
    return { what, toKey: true, bound: [this.namespace, key, 'message to key', dedup] };
  }
}

export function isToKey(body: Uint8Array): boolean {
  return isSealed(body) && readEnvelope(body)?.toKey === true;
}
