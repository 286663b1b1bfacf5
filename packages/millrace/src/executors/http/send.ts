import type { StepContext } from '../../core/workflow/context.ts';
import { payloadOf, type Payload } from './body.ts';
import { exchange, type Answer, type Hop } from './exchange.ts';
import { networkFailure, statusFailure } from './failure.ts';
import type { Guard } from './guard.ts';
import { nextHop } from './redirect.ts';

export interface Limits {
  /** Of the whole: redirects, and the answer to its last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly followRedirects: boolean;
  /** Statuses from here on are failures. */
  readonly failsFrom: 300 | 400;
}

/** What `http.request` and `webhook.post` give. */
export interface Reply extends Payload {
  readonly status: number;
  readonly headers: Answer['headers'];
}

/**
 * Sends a request, and follows where the answer leads; every hop is guarded.
 * @throws ADDRESS_REFUSED, REDIRECT_REFUSED, PAYLOAD_TOO_LARGE, TIMEOUT, `HTTP_…`, codes of the network.
 */
export async function send(first: Hop, limits: Limits, guard: Guard, step: StepContext): Promise<Reply> {
  const { timeoutMs, maxBytes, followRedirects } = limits;
  const expiry = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([step.signal, expiry]);
  const heard = (): void => step.heartbeat();
  let hop = first;
  for (let followed = 0; ; followed += 1) {
    let answer: Answer;
    try {
      answer = await exchange(hop, { guard, signal, maxBytes, heard });
    } catch (error) {
      step.signal.throwIfAborted();
      throw networkFailure(hop, error, expiry.aborted ? timeoutMs : undefined);
    }
    const next = followRedirects ? nextHop(hop, answer, followed) : undefined;
    if (next === undefined) return replyOf(hop, answer, limits);
    hop = next;
  }
}

async function replyOf(hop: Hop, answer: Answer, { maxBytes, failsFrom }: Limits): Promise<Reply> {
  const { status, headers } = answer;
  if (status >= failsFrom) throw await statusFailure(hop, answer, maxBytes);
  return { status, headers, ...(await payloadOf(answer, maxBytes)) };
}
