import { randomUUID } from 'node:crypto';
import { workflow } from '../../src/core/workflow/workflow.ts';
import { Millrace } from '../../src/millrace.ts';
import { openDoor } from '../../src/server/access/local.ts';
import { createApp, openServer, type ServerParts } from '../../src/server/server.ts';
import { requesting } from './requesting.ts';
import type { ListenOptions } from '../../src/server/wire/listen.ts';
import { createTenants } from '../../src/server/tenants.ts';

/** Gives its input back. */
const echo = workflow('echo', (_ctx, input: unknown) => input);

/** A server for tests, with what it did wrong. */
export interface TestServer {
  readonly millrace: Millrace;
  readonly parts: ServerParts;
  /** Without a socket. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Opens a port, once. */
  listen(patience?: ListenOptions['patience']): Promise<string>;
  readonly bugs: readonly unknown[];
  close(): Promise<void>;
}

export async function openTestServer(parts: Partial<ServerParts> = {}): Promise<TestServer> {
  const millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [echo] });
  const bugs: unknown[] = [];
  const all: ServerParts = {
    tenants: createTenants(new Map([['default', millrace]])),
    doorkeeper: openDoor('default'),
    version: '0.0.0',
    uuid: randomUUID,
    maxBodyBytes: 64 * 1024,
    reportBug: (error) => void bugs.push(error),
    ...parts,
  };
  const app = createApp(all);
  let listening: Awaited<ReturnType<typeof openServer>> | undefined;
  return {
    millrace,
    parts: all,
    bugs,
    fetch: async (path, init) => requesting(app)(path, init),
    async listen(patience) {
      listening ??= await openServer(all, { host: '127.0.0.1', port: 0, ...(patience && { patience }) });
      return listening.url;
    },
    async close() {
      await listening?.close(0);
      await millrace.close();
    },
  };
}
