import { describe, expect, it } from 'vitest';
import { createShares, type Shares } from './shares.ts';

const MOST = 64;
const BESIDE = 2;

/** Enters so often; `inside` are those whose turn it was, as they leave. */
function enterOften(shares: Shares, namespace: string, times: number) {
  const inside: (() => void)[] = [];
  let refused = 0;
  for (let n = 0; n < times; n++) {
    const entered = shares.enter(namespace);
    if (entered === undefined) refused += 1;
    else void Promise.resolve(entered).then((leave) => inside.push(leave));
  }
  return { inside, refused };
}
const settled = () => new Promise((resolve) => void setImmediate(resolve));

describe('shares of a server', () => {
  it('are the whole of it for a namespace that is alone; others of it wait, and not without end', async () => {
    const shares = createShares(MOST, () => 0);
    const { inside, refused } = enterOften(shares, 'acme', 300);
    await settled();
    expect([inside.length, refused]).toEqual([MOST, 300 - 4 * MOST]);
    inside[0]?.();
    await settled();
    expect(inside).toHaveLength(MOST + 1);
    expect(shares.enter('acme'), 'there is room in the queue again').toBeDefined();
  });

  it('are small beside others, and whole again when those are quiet', async () => {
    let now = 0;
    const shares = createShares(MOST, () => now);
    const loud = enterOften(shares, 'acme', 3 * MOST);
    const quiet = enterOften(shares, 'globex', 1);
    await settled();
    expect([loud.inside.length, quiet.inside.length], 'nobody waits for another').toEqual([MOST, 1]);
    for (const leave of loud.inside.splice(0, MOST - 1)) leave();
    await settled();
    expect(loud.inside).toHaveLength(BESIDE);
    quiet.inside[0]?.();
    now = 500;
    loud.inside.shift()?.();
    await settled();
    expect(loud.inside, 'it was there a moment ago').toHaveLength(BESIDE);
    now = 1_500;
    loud.inside.shift()?.();
    await settled();
    expect(loud.inside).toHaveLength(MOST);
  });

  it('let everybody in who waits, whoever comes and goes', async () => {
    const shares = createShares(MOST, () => 0);
    const all = ['a', 'b', 'c'].map((namespace) => enterOften(shares, namespace, 100));
    for (let round = 0; round < 300; round++) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await settled();
      for (const { inside } of all) inside.pop()?.();
    }
    const again = enterOften(shares, 'a', BESIDE + 1);
    await settled();
    expect(again.inside, 'nothing is left behind').toHaveLength(BESIDE);
  });
});
