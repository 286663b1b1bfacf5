import { createServer, type Server } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { MillraceError } from '../../core/errors.ts';
import type { Handler } from './exchange.ts';
import { Incoming, send } from './incoming.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** How long a client may take for its headers, and for its whole request, ms. */
  readonly patience?: { readonly headersMs: number; readonly requestMs: number };
  /** A connection over which nothing has gone for so long is cut, also one whose peer takes nothing. Default 120,000. */
  readonly silenceMs?: number;
}

/** An open port. */
export interface Listening {
  readonly url: string;
  /**
   * Takes no new connection, ends those that there are with their next answer, lets requests end for at most so long, and
   * cuts what is left.
   */
  close(graceMs: number): Promise<void>;
}

/** A slow client must not hold a connection for ever. */
const PATIENCE = { headersMs: 10_000, requestMs: 60_000 };
const MOST_CONNECTIONS = 10_000;
const KEEP_ALIVE_MS = 65_000;
/** Long polls end before, and streams have their heartbeats. */
const SILENCE_MS = 120_000;
/** How long a request may be on its way over a connection that has just been made. */
const SETTLE_MS = 250;
/** A round of the event loop that is shorter has taken what had come, and hardly anything can have come since. */
const CALM_MS = 0.1;
/** A busy process may have no such round for long: then any does. */
const CALM_WITHIN_MS = 1_000;
const HEADER_BYTES = 16 * 1024;
const MOST_HEADERS = 100;

/** @throws LISTEN_FAILED. */
export async function listen(
  handler: Handler,
  { host, port, patience: { headersMs, requestMs } = PATIENCE, silenceMs = SILENCE_MS }: ListenOptions,
): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES,
      connectionsCheckingInterval: Math.min(1_000, headersMs / 2),
    },
    (incoming, outgoing) => {
      const answer = async (): Promise<void> => {
        const reply = await handler(new Incoming(incoming, outgoing));
        // Also of what was on its way when the port was closed.
        if (!server.listening) outgoing.shouldKeepAlive = false;
        send(reply, incoming, outgoing);
      };
      // Whatever goes wrong here concerns one caller: the others go on.
      answer().catch(() => outgoing.destroy());
    },
  );
  server.maxHeadersCount = MOST_HEADERS;
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = silenceMs;
  await opened(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: (graceMs) => shut(server, graceMs),
  };
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => reject(listenFailed(`${host}:${port}`, cause));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

function listenFailed(at: string, cause: NodeJS.ErrnoException): MillraceError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process has it',
    EACCES: 'this process may not have it',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'the name is unknown',
  };
  const why = reasons[cause.code ?? ''] ?? cause.message;
  return new MillraceError('LISTEN_FAILED', `cannot listen at ${at}: ${why}`, { cause });
}

/**
 * The port goes before the connections: whoever keeps some has no need of new ones until then, and what is sent over a new
 * one in the moment in which the port closes is lost.
 */
async function shut(server: Server, graceMs: number): Promise<void> {
  // Of the kind that only stops to listen: the other also cuts connections that were made a moment ago, whose request is
  // on its way.
  await new Promise<void>((begun) => inCalm(graceMs, begun));
  const closed = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
  // Not before: what came after the cut would be left.
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  const settle = (): void => void server.close(() => undefined);
  const settled = setTimeout(() => inCalm(graceMs, settle), Math.min(SETTLE_MS, graceMs));
  await closed;
  clearTimeout(settled);
  clearTimeout(timer);
}

/**
 * Does it at the end of a short round of the event loop. A connection that the system has taken and this process has not
 * yet is cut when the port is closed, and a request that has come and is not read yet when its idle connection is.
 */
function inCalm(graceMs: number, act: () => void): void {
  const latest = performance.now() + Math.min(CALM_WITHIN_MS, graceMs);
  // Of the round under way nobody knows whether what has come was still to be taken in it.
  let before = -Infinity;
  const look = (): void => {
    const now = performance.now();
    if (now - before < CALM_MS || now > latest) return act();
    before = now;
    setImmediate(look);
  };
  setImmediate(look);
}
