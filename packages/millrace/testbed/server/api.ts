import type { Millrace } from '../../src/index.ts';
import { openDoor } from '../../src/server/access/local.ts';
import { createApp, type ServerParts } from '../../src/server/server.ts';
import { createTenants } from '../../src/server/tenants.ts';
import { requesting } from '../http/requesting.ts';
import { checkedRoutes } from './checked-routes.ts';

/** An answer of the API as tests look at it. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of its JSON; tests know what is in it. */
  readonly body: never;
}

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Seen>;

/** Calls the API over a library, every answer checked against what its route declares; a bug fails the test. */
export function apiOf(millrace: Millrace, parts: Partial<ServerParts> = {}): Call {
  const bugs: unknown[] = [];
  const ask = requesting(
    createApp({
      tenants: createTenants(new Map([['default', millrace]])),
      doorkeeper: openDoor('default'),
      version: '0.0.0',
      uuid: () => 'request-1',
      maxBodyBytes: 1_000_000,
      reportBug: (error) => void bugs.push(error),
      routes: checkedRoutes(),
      ...parts,
    }),
  );
  return async (method, path, body, headers = {}) => {
    const response = await ask(`/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (bugs.length > 0) throw bugs[0];
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const { status, headers: answered } = response;
    return { status, headers: answered, text, body: (isJson ? JSON.parse(text) : undefined) as never };
  };
}
