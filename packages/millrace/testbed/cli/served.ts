import { Millrace } from '../../src/millrace.ts';
import type { AnyWorkflow } from '../../src/core/workflow/workflow.ts';
import { openDoor } from '../../src/server/access/local.ts';
import type { Doorkeeper } from '../../src/server/access/principal.ts';
import { listen } from '../../src/server/wire/listen.ts';
import { createApp } from '../../src/server/server.ts';
import { createTenants } from '../../src/server/tenants.ts';

/** An engine with its API on a port, for commands that talk to it. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly millrace: Millrace;
}

export async function serve(
  store: string,
  workflows: readonly AnyWorkflow[],
  doorkeeper: Doorkeeper = openDoor('default'),
): Promise<Served> {
  const millrace = await Millrace.open({ store, workflows, name: 'server', log: () => {} });
  let requests = 0;
  const app = createApp({
    tenants: createTenants(new Map([['default', millrace]])),
    doorkeeper,
    version: '0.0.0',
    uuid: () => `request-${++requests}`,
    maxBodyBytes: 1_000_000,
    reportBug: (error) => {
      throw error;
    },
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url: listening.url,
    millrace,
    async [Symbol.asyncDispose]() {
      await listening.close(0);
      await millrace.close();
    },
  };
}
