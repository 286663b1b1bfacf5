import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newResource } from './judge/locks.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { stop } from './rig/stop.ts';
import { until } from './rig/wait.ts';

const PROGRAM = fileURLToPath(new URL('./locks/holder.ts', import.meta.url));

/** Something outside that takes writes with a token as great as the greatest that it has seen. */
interface Resource {
  readonly url: string;
  /** Tokens of the writes that were taken, in order. */
  readonly taken: number[];
  /** Names of whose writes were refused. */
  readonly refused: string[];
  close(): void;
}

async function openResource(): Promise<Resource> {
  const taken: number[] = [];
  const refused: string[] = [];
  const checks = newResource();
  const server: Server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://resource');
    const token = Number(searchParams.get('token'));
    const takes = checks.takes(token);
    if (takes) taken.push(token);
    else refused.push(searchParams.get('name') ?? '');
    response.writeHead(takes ? 200 : 409).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${port}/`, taken, refused, close };
}

/** A process that wants the lock, and what it has said. */
interface Holder {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  has(word: string): number | undefined;
  until(word: string): Promise<number>;
}

let rig: Rig;
let resource: Resource;
let holders: Holder[] = [];
beforeEach(async () => {
  resource = await openResource();
});
afterEach(async () => {
  for (const { child } of holders) child.kill('SIGKILL');
  await Promise.all(holders.map(({ ended }) => ended));
  holders = [];
  resource.close();
  await rig.end();
});

function hold(name: string): Holder {
  const child = spawn(process.execPath, [PROGRAM, rig.url, name, resource.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const has = (word: string): number | undefined => {
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { word: string; token?: number });
    const found = lines.find((line) => line.word === word);
    return found && (found.token ?? 0);
  };
  const holder = {
    child,
    ended: once(child, 'close'),
    has,
    until: (word: string) => until(`"${word}" of ${name}`, () => has(word)),
  };
  holders.push(holder);
  return holder;
}

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('the lock of a process that is killed goes to who waits', async () => {
    rig = await openRig(kind);
    const first = hold('first');
    expect(await first.until('granted')).toBe(1);
    const second = hold('second');
    const { millrace } = await rig.client();
    await until('a waiter', async () => (await millrace.locks())[0]?.waiters.length === 1);
    first.child.kill('SIGKILL');
    const killedAt = performance.now();
    expect(await second.until('granted')).toBe(2);
    const tookMs = Math.round(performance.now() - killedAt);
    console.log(`${kind}: the next holder had the lock ${tookMs} ms after the kill`);
    await until('a write of the second', () => resource.taken.includes(2));
    expect(resource.refused).toEqual([]);
    const { failovers } = await millrace.failovers();
    expect(failovers).toMatchObject([{ failedEngine: 'first', locks: ['default/resource'] }]);
  });

  test.skipIf(!canOpen(kind))(
    'a process that was stopped while another got its lock is refused by the resource, and learns that it is lost',
    async () => {
      rig = await openRig(kind);
      const stopped = hold('stopped');
      await stopped.until('granted');
      await until('a write of the first', () => resource.taken.length > 0);
      const other = hold('other');
      const { millrace } = await rig.client();
      await until('a waiter', async () => (await millrace.locks())[0]?.waiters.length === 1);
      await stop(stopped.child, rig.url);
      expect(await other.until('granted')).toBe(2);
      await until('a write of the other', () => resource.taken.includes(2));
      stopped.child.kill('SIGCONT');
      expect(await stopped.until('refused')).toBe(1);
      await stopped.until('aborted');
      await stopped.until('lost');
      expect(resource.refused).toEqual(['stopped']);
      expect(resource.taken).toEqual(resource.taken.toSorted((a, b) => a - b));
      expect(other.has('refused')).toBeUndefined();
    },
  );
});
