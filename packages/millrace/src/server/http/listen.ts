import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { AddressInfo } from 'node:net';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** A connection over which nothing has gone for so long is cut, also one whose peer takes nothing. Default 120,000. */
  readonly silenceMs?: number;
}

/** An open port. */
export interface Listening {
  readonly url: string;
  /** Takes no new connection, lets requests end for at most so long, and cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** How long a client may take for its headers and its whole request: a slow one must not hold a connection for ever. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
/** Long polls end before, and streams have their heartbeats. */
const SILENCE_MS = 120_000;
const HEADER_BYTES = 16 * 1024;
const MOST_HEADERS = 100;

/** Address of the peer, kept beside the request that the platform makes of it. */
const remotes = new WeakMap<Request, string>();

export function remoteOf(request: Request): string {
  return remotes.get(request) ?? 'unknown';
}

/** @throws LISTEN_FAILED where the port is taken. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port, silenceMs = SILENCE_MS }: ListenOptions,
): Promise<Listening> {
  const listener = getRequestListener((request, { incoming }) => {
    remotes.set(request, incoming.socket.remoteAddress ?? 'unknown');
    return fetch(request);
  });
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES,
      connectionsCheckingInterval: 1_000,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxHeadersCount = MOST_HEADERS;
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
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function shut(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
