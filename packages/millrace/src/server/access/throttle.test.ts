import { describe, expect, it } from 'vitest';
import type { Credential } from './credential.ts';
import { createThrottle, networkOf } from './throttle.ts';

const LONG = 'k'.repeat(40);

describe('guesses from one address', () => {
  let now = 0;
  const throttled = createThrottle(() => now);
  const throttle = async <T>(remote: string, credential: Credential, look: () => Promise<T | undefined>) =>
    throttled(remote, credential, look);
  const guess = (text: string, remote: string): Promise<string | undefined> =>
    throttle(remote, shown(text), () => Promise.resolve(undefined));
  const show = (text: string, remote: string): Promise<string | undefined> =>
    throttle(remote, shown(text), () => Promise.resolve('kim'));
  async function exhaust(remote: string): Promise<void> {
    for (let n = 0; n < 20; n++) expect(await guess(`${remote} ${n}`, remote)).toBeUndefined();
  }
  const refused = { code: 'TOO_MANY_REQUESTS', details: { retryAfterMs: expect.any(Number) } };

  it('are refused without a look when they were too many, and then answered once a second', async () => {
    await exhaust('10.0.0.1');
    let looks = 0;
    const look = () => Promise.resolve(void looks++);
    await expect(throttle('10.0.0.1', shown('x'), look)).rejects.toMatchObject(refused);
    expect(looks).toBe(0);
    now += 1_000;
    expect(await guess('y', '10.0.0.1')).toBeUndefined();
    await expect(guess('z', '10.0.0.1')).rejects.toMatchObject({ details: { retryAfterMs: 1_000 } });
  });

  it('do not stand in the way of a valid key from another address', async () => {
    await exhaust('10.0.0.2');
    expect(await show(LONG, '10.0.0.3')).toBe('kim');
  });

  it('do not stand in the way of a key that was right from the same address before', async () => {
    expect(await show(LONG, '10.0.0.4')).toBe('kim');
    await exhaust('10.0.0.4');
    expect(await show(LONG, '10.0.0.4')).toBe('kim');
    await expect(show('n'.repeat(40), '10.0.0.4')).rejects.toMatchObject(refused);
    now += 1_000;
    expect(await show('n'.repeat(40), '10.0.0.4')).toBe('kim');
  });

  it('hold up a short key whatever it was before, because somebody might guess it', async () => {
    expect(await show('short', '10.0.0.5')).toBe('kim');
    await exhaust('10.0.0.5');
    await expect(show('short', '10.0.0.5')).rejects.toMatchObject(refused);
  });

  it('are not free because they were right an hour ago, or until they were wrong', async () => {
    await show(LONG, '10.0.0.6');
    await guess(LONG, '10.0.0.6');
    await exhaust('10.0.0.6').catch(() => {});
    await expect(show(LONG, '10.0.0.6')).rejects.toMatchObject(refused);
    await show(LONG, '10.0.0.7');
    now += 3_600_000;
    await exhaust('10.0.0.7');
    await expect(show(LONG, '10.0.0.7')).rejects.toMatchObject(refused);
  });

  it('cannot be made all at once', async () => {
    const open: ((found: undefined) => void)[] = [];
    const slow = () => new Promise<undefined>((resolve) => void open.push(resolve));
    const tries = Array.from({ length: 65 }, (_, n) =>
      throttle('10.0.0.8', shown(`t${n}`), slow).catch((error: unknown) => error),
    );
    expect(await tries[64]).toMatchObject(refused);
    expect(open).toHaveLength(64);
    for (const answer of open) answer(undefined);
    await Promise.all(tries);
    await expect(show(LONG, '10.0.0.8')).rejects.toMatchObject({ details: { retryAfterMs: 45_000 } });
  });

  it('that failed for want of an answer are not counted', async () => {
    const broken = () => Promise.reject(new Error('no store'));
    for (let n = 0; n < 100; n++) await throttle('10.0.0.9', shown(`b${n}`), broken).catch(() => {});
    expect(await show(LONG, '10.0.0.9')).toBe('kim');
  });
});

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7'],
  ['2001:0db8::1', '2001:db8:0:0'],
  ['2001:db8:0:7::', '2001:db8:0:7'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['unknown', 'unknown'],
])('the network of %s is %s', (remote, network) => {
  expect(networkOf(remote)).toBe(network);
});

function shown(text: string): Credential {
  return { text, digest: text };
}
