import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeTerminal } from '../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../testbed/cli/workplace.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import { runProgram } from '../program.ts';

const order = workflow('order', () => 'done');

describe('a command that watches', () => {
  let place: Workplace;
  let millrace: Millrace;

  beforeAll(async () => {
    place = workplace();
    millrace = await Millrace.open({ store: place.store, workflows: [order] });
  });
  afterAll(async () => {
    await millrace.close();
    place[Symbol.dispose]();
  });

  async function watched(args: readonly string[], columns?: number): Promise<string> {
    const { terminal, written } = fakeTerminal(columns === undefined ? {} : { columns });
    const done = runProgram(terminal, [...args, '--watch', '--store', place.store]);
    const key = `of-${args.join('-')}-${columns}`;
    await vi.waitFor(() => expect(written().out).not.toBe(''), 5_000);
    const before = written().out;
    await (await millrace.start(order, undefined, { key })).result();
    await vi.waitFor(() => expect(written().out).toContain(key), 5_000);
    process.emit('SIGINT', 'SIGINT');
    expect(await done).toBe(130);
    return written().out.slice(before.length);
  }

  it('draws a terminal anew when something has changed, until it is told to end', async () => {
    expect(await watched(['runs'], 120)).toContain('\u001b[H\u001b[2J');
  });

  it('prints one state after the other where nobody looks', async () => {
    expect(await watched(['runs'])).not.toContain('\u001b');
  });

  it('prints a line of JSON for each state', async () => {
    const [last] = (await watched(['runs', '--json'])).trim().split('\n').toReversed();
    expect(JSON.parse(last ?? '')).toMatchObject({ nextCursor: null });
  });
});
