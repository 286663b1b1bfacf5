import { setTimeout as pause } from 'node:timers/promises';
import { MillraceError } from '../core/errors.ts';
import type { Health } from './health/health.ts';
import { healthPages } from './health/routes.ts';
import type { Handler } from './wire/exchange.ts';
import { listen, type Listening } from './wire/listen.ts';
import { problemOf } from './http/problem.ts';
import { problemReply } from './http/reply.ts';
import { traceOf } from './http/trace.ts';
import { createApp, type ServerParts } from './server.ts';

export interface ServiceOptions {
  readonly host: string;
  readonly port: number;
  readonly health: Health;
  readonly uuid: () => string;
}

/** A port that answers from the first moment: how the process stands, and, once it has joined, everything else. */
export interface Service {
  readonly url: string;
  /** The engines are there: from now on the whole application answers. */
  serve(parts: Omit<ServerParts, 'health' | 'uuid' | 'stopping'>): void;
  /** It is not ready any more, and answers still. */
  leave(): void;
  /** Takes no new connection, lets requests end for at most so long, and cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/**
 * Opens the port before there is anything to serve, so that whoever watches over the process is told that it lives while
 * it migrates a database. @throws LISTEN_FAILED.
 */
export async function openService({ host, port, health, uuid }: ServiceOptions): Promise<Service> {
  const whole = Promise.withResolvers<Handler>();
  let app = waiting(health, uuid, whole.promise);
  const stopping = new AbortController();
  const listening: Listening = await listen((asked) => app(asked), { host, port });
  return {
    url: listening.url,
    serve(parts) {
      health.joined(parts.tenants);
      app = createApp({ ...parts, health, uuid, stopping: stopping.signal });
      whole.resolve(app);
    },
    leave: () => health.drains(),
    close(graceMs) {
      health.drains();
      stopping.abort();
      return listening.close(graceMs);
    },
  };
}

/** How long a request waits for a server that starts: a balancer may send it some as soon as the port is open. */
const PATIENCE_MS = 2_000;

function waiting(health: Health, uuid: () => string, whole: Promise<Handler>): Handler {
  const pages = healthPages(health);
  return async (asked) => {
    const { path, headers } = asked;
    const page = pages.get(path);
    if (page !== undefined) return page();
    const app = await Promise.race([whole, pause(PATIENCE_MS, undefined, { ref: false })]);
    if (app !== undefined) return app(asked);
    const error = new MillraceError('NOT_READY', 'this server is starting', {
      details: { retryAfterMs: 1_000 },
    });
    const trace = traceOf(headers, uuid);
    return problemReply(problemOf(error, trace.requestId), trace);
  };
}
