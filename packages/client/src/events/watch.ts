import { type ApiError, ConnectionError } from '../errors.ts';
import { backoffMs, RETRY } from '../transport/backoff.ts';
import { pause } from '../transport/pause.ts';
import { isPassing, retryAfterOf } from '../transport/repeat.ts';
import { failureOf, nameOf, open, type Wire } from '../transport/send.ts';
import { createSseParser, type ServerSentEvent, type SseParser } from './sse.ts';

/*
 * Owns one stream of events over as many connections as it takes. Whoever listens sees one sequence.
 *
 *   I1  An event is given once, and the next connection asks for what came after the last one that was given.
 *   I2  Silence for longer than the heartbeat allows is a connection that was cut.
 *   I3  What does not pass (a refusal) ends the stream with an error. Without one it ends when the server has nothing more
 *       to tell.
 */

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Go on behind this event: the `id` of one that was seen. */
  readonly lastEventId?: string | undefined;
  /** A connection that says nothing for so long is given up, ms. Default 45,000. */
  readonly heartbeatMs?: number | undefined;
  /** Hears of each connection that was lost, before the next one is tried. */
  readonly onReconnect?: ((why: Error) => void) | undefined;
}

const HEARTBEAT_MS = 45_000;

interface Place {
  lastEventId: string | undefined;
  /** Connections in a row that gave nothing and did not last. */
  failures: number;
}

/** The events of a path, one connection after the other. */
export async function* watchStream(
  wire: Wire,
  path: string,
  options: WatchOptions,
): AsyncGenerator<ServerSentEvent, void, void> {
  const { signal } = options;
  const place: Place = { lastEventId: options.lastEventId, failures: 0 };
  for (;;) {
    signal?.throwIfAborted();
    const parser = createSseParser();
    const openedAt = performance.now();
    let why: Error;
    try {
      if (yield* connection({ wire, path, place, parser }, options)) return;
      why = new ConnectionError('UNREACHABLE', nameOf(wire, { method: 'GET', path }), 'the stream has ended');
    } catch (error) {
      if (signal?.aborted === true || !isPassing(error)) throw error;
      why = error as ConnectionError | ApiError; // nothing else passes
    }
    options.onReconnect?.(why);
    const isLasting = performance.now() - openedAt > RETRY.mostMs;
    place.failures = isLasting ? 1 : place.failures + 1;
    const asked = retryAfterOf(why) ?? parser.retryMs;
    // oxlint-disable-next-line no-await-in-loop -- one connection after the other
    await pause(backoffMs(RETRY, place.failures, asked) ?? RETRY.mostMs, signal);
  }
}

interface Connecting {
  readonly wire: Wire;
  readonly path: string;
  readonly place: Place;
  readonly parser: SseParser;
}

/** Tells clients not to come back. @source HTML Living Standard §9.2.3. */
const NOTHING_MORE = 204;

/** @returns whether there will be nothing more. */
async function* connection(
  { wire, path, place, parser }: Connecting,
  { signal, heartbeatMs = HEARTBEAT_MS }: WatchOptions,
): AsyncGenerator<ServerSentEvent, boolean, void> {
  const called = nameOf(wire, { method: 'GET', path });
  const cut = new AbortController();
  const either = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal]);
  const watchdog = createWatchdog(heartbeatMs, cut);
  const id = place.lastEventId;
  const headers = { accept: 'text/event-stream', ...(id === undefined ? {} : { 'last-event-id': id }) };
  watchdog.feed();
  try {
    const outgoing = { method: 'GET', path, body: undefined, headers, signal, patienceMs: 0 };
    const response = await open(wire, outgoing, either);
    if (response.status === NOTHING_MORE) return true;
    const reader = bodyOf(called, response).getReader();
    const decoder = new TextDecoder();
    for (;;) {
      watchdog.feed();
      // oxlint-disable-next-line no-await-in-loop -- what comes next
      const { done, value } = await reader.read();
      if (done) return false;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        place.failures = 0;
        if (event.id !== '') place.lastEventId = event.id;
        watchdog.rest(); // the listener may take its time
        yield event;
      }
    }
  } catch (error) {
    throw failureOf({ error, called, late: cut.signal }, signal);
  } finally {
    watchdog.rest();
    cut.abort(); // also when the listener leaves
  }
}

function bodyOf(called: string, { body, headers }: Response): ReadableStream<Uint8Array> {
  const type = headers.get('content-type') ?? '';
  if (body !== null && type.startsWith('text/event-stream')) return body;
  throw new ConnectionError(
    'BAD_ANSWER',
    called,
    `${type || 'an untyped body'} instead of a stream of events`,
  );
}

/** Aborts when it is not fed in time. */
function createWatchdog(ms: number, cut: AbortController): { feed(): void; rest(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = (): void => clearTimeout(timer);
  return {
    feed() {
      rest();
      timer = setTimeout(() => cut.abort(), ms);
    },
    rest,
  };
}
