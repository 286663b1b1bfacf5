import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect } from 'node:net';
import { queueChanged } from '../../core/changes/change.ts';
import { listen } from '../wire/listen.ts';
import { createHeart } from './heart.ts';
import { eventStream, type EventSource } from './stream.ts';

describe('a stream of events', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const silent = (): EventSource & { closed: number } => {
    const source = { closed: 0, next: () => new Promise<undefined>(() => {}), place: () => '17', close };
    function close(): void {
      source.closed += 1;
    }
    return source;
  };
  const text = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
    new TextDecoder().decode((await reader.read()).value);

  it('says at once that somebody is there, and then every so often', async () => {
    const reader = eventStream(silent(), createHeart(15_000)).getReader();
    expect(await text(reader)).toBe(': millrace\nretry: 1000\nid: 17\n\n');
    const next = text(reader);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await next).toBe(': \nid: 17\n\n');
    await reader.cancel();
  });

  it('gathers no heartbeats for who does not read', async () => {
    const reader = eventStream(silent(), createHeart(10)).getReader();
    await text(reader);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await text(reader)).toBe(': \nid: 17\n\n');
    let more = false;
    void reader.read().then(() => (more = true));
    await vi.advanceTimersByTimeAsync(5);
    expect(more).toBe(false);
    await reader.cancel();
  });

  it('frees its source and the clock when its reader leaves', async () => {
    const source = silent();
    const reader = eventStream(source, createHeart(10)).getReader();
    await text(reader);
    expect(vi.getTimerCount()).toBe(1);
    await reader.cancel();
    expect([source.closed, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('ends with its source, also when that fails', async () => {
    for (const next of [() => Promise.resolve(undefined), () => Promise.reject(new Error('slow'))]) {
      const source = { ...silent(), next };
      const reader = eventStream(source, createHeart(10)).getReader();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await text(reader);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await reader.read()).done).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

describe('a connection whose peer takes nothing', () => {
  it('is cut, and its source is not asked on', async () => {
    const limits = { maxConcurrent: null, ratePerSecond: null, maxDepth: null };
    const change = queueChanged({ queue: 'mail', paused: true, pausedBy: null, limits }, false, 1);
    const changes = Array.from({ length: 250 }, () => change);
    const closed = Promise.withResolvers<void>();
    let asked = 0;
    const source: EventSource = {
      next: () => {
        asked += 1;
        return Promise.resolve(changes);
      },
      place: () => undefined,
      close: () => closed.resolve(),
    };
    const body = eventStream(source, createHeart(50));
    const answer = () => Promise.resolve({ status: 200, headers: {}, body });
    const server = await listen(answer, { host: '127.0.0.1', port: 0, silenceMs: 500 });
    const peer = connect(Number(new URL(server.url).port), '127.0.0.1');
    peer.on('error', () => {});
    peer.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    peer.pause();
    await closed.promise;
    const before = asked;
    expect(before * 250 * JSON.stringify(change).length).toBeLessThan(64 * 1024 * 1024);
    peer.destroy();
    await server.close(0);
    expect(asked).toBe(before);
  }, 20_000);
});
