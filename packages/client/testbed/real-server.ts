import { workflow, type Millrace } from '../../millrace/src/index.ts';
import { Millrace as Opened } from '../../millrace/src/millrace.ts';
import { openDoor } from '../../millrace/src/server/access/local.ts';
import type { Doorkeeper } from '../../millrace/src/server/access/principal.ts';
import { listen } from '../../millrace/src/server/wire/listen.ts';
import { createApp } from '../../millrace/src/server/server.ts';
import { createTenants } from '../../millrace/src/server/tenants.ts';

export const order = workflow('order', (_ctx, input: { id: number }) => ({ shipped: input.id }));
const approval = workflow('approval', async (ctx) => ({
  by: await ctx.waitForSignal<string>('approved'),
}));
/** It says so many lines, then one more when it is approved. */
export const talkative = workflow('talkative', async (ctx, lines: number) => {
  for (let at = 1; at <= lines; at++) ctx.log.info(`line ${at}`);
  await ctx.waitForSignal('approved');
  ctx.log.warn('approved');
});
const broken = workflow('broken', () => {
  throw new Error('the stock is gone');
});

/** The real application on a real port, over an engine of its own. */
export interface RealServer {
  readonly url: string;
  readonly millrace: Millrace;
  close(): Promise<void>;
}

export async function openRealServer(doorkeeper: Doorkeeper = openDoor('default')): Promise<RealServer> {
  const workflows = [order, approval, talkative, broken];
  const millrace = await Opened.open({ store: 'sqlite::memory:', workflows, log: () => {} });
  let requests = 0;
  const app = createApp({
    tenants: createTenants(new Map([['default', millrace]])),
    doorkeeper,
    version: '0.0.0',
    uuid: () => `request-${++requests}`,
    maxBodyBytes: 1_000_000,
    reportBug: (error: unknown) => {
      throw error;
    },
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    url: listening.url,
    millrace,
    async close() {
      await listening.close(0);
      await millrace.close();
    },
  };
}
