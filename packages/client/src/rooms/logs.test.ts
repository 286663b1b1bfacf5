import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealServer, talkative, type RealServer } from '../../testbed/real-server.ts';
import { createClient, type Client, type RunHandle } from '../index.ts';

describe('the log of a run', () => {
  let server: RealServer;
  let client: Client;

  beforeAll(async () => {
    server = await openRealServer();
    client = createClient({ url: server.url });
  });
  afterAll(() => server.close());

  async function messagesOf(run: RunHandle, ...options: Parameters<RunHandle['logs']>): Promise<string[]> {
    const messages: string[] = [];
    for await (const { message } of run.logs(...options)) messages.push(message);
    return messages;
  }

  it('is followed until the run has ended', async () => {
    const run = await client.start('talkative', 3, { key: 'followed' });
    const all = ['line 1', 'line 2', 'line 3', 'approved'];
    const byKey = client.run({ key: 'followed' });
    const following = messagesOf(byKey, { follow: true });
    await expect.poll(() => messagesOf(run), { timeout: 5_000 }).toEqual(all.slice(0, 3));
    await run.signal('approved');
    expect(await following).toEqual(all);
    expect(await messagesOf(run, { tail: 2 })).toEqual(['line 3', 'approved']);
    expect(await messagesOf(run, { level: 'warn' })).toEqual(['approved']);
    expect(await messagesOf(run, { after: 3, follow: true }), 'it has ended').toEqual(['approved']);
  });

  it('is read over as many pages as it has', async () => {
    const { runId } = await server.millrace.start(talkative, 2_500);
    const run = client.run(runId);
    await expect
      .poll(async () => (await run.logPage({ after: 2_499 })).items.length, { timeout: 5_000 })
      .toBe(1);
    expect((await messagesOf(run)).at(-1)).toBe('line 2500');
    expect(await run.logPage({ limit: 2 })).toMatchObject({
      nextCursor: '2',
      last: 2,
      open: true,
      dropped: 0,
    });
  });

  it('is left by its signal', async () => {
    const { runId } = await server.millrace.start(talkative, 0);
    const signal = AbortSignal.timeout(100);
    await expect(messagesOf(client.run(runId), { follow: true, signal })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('waits as long as it is told', async () => {
    const { runId } = await server.millrace.start(talkative, 0);
    const before = performance.now();
    expect(await client.run(runId).logPage({ waitMs: 300 })).toMatchObject({ items: [], open: true });
    expect(performance.now() - before).toBeGreaterThan(295);
  });
});
