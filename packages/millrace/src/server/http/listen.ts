import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { MillraceError } from '../../core/errors.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** An open port. */
export interface Listening {
  readonly url: string;
  /** From now on each answer ends its connection: who keeps some for later goes elsewhere. */
  leave(): void;
  /** Takes no new connection, lets requests end for at most so long, and cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** How long a client may take for its headers and its whole request: a slow one must not hold a connection for ever. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES = 16 * 1024;
const MOST_HEADERS = 100;

/** Address of the peer, kept beside the request that the platform makes of it. */
const remotes = new WeakMap<Request, string>();

export function remoteOf(request: Request): string {
  return remotes.get(request) ?? 'unknown';
}

/** @throws LISTEN_FAILED. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: ListenOptions,
): Promise<Listening> {
  const listener = getRequestListener((request, { incoming }) => {
    remotes.set(request, incoming.socket.remoteAddress ?? 'unknown');
    return fetch(request);
  });
  let leaving = false;
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES,
      connectionsCheckingInterval: 1_000,
    },
    (incoming, outgoing) => {
      if (leaving) outgoing.shouldKeepAlive = false;
      void listener(incoming, outgoing);
    },
  );
  server.maxHeadersCount = MOST_HEADERS;
  await opened(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    leave: () => void (leaving = true),
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

async function shut(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
