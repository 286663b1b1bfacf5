import { describe, expect, it } from 'vitest';
import { readLine } from '../../core/lines/line.ts';
import { StoreError } from '../../store/port/errors.ts';
import { MAX_LINES, type AppendedLine } from '../../store/port/runs/lines.ts';
import { nodePorts } from '../../ports/node-ports.ts';
import type { EngineLog, Ports } from '../ports.ts';
import { createLineWriter, type LineWriterParts } from './writer.ts';

type Sent = [batch: number, messages: readonly string[]];

const messageOf = ({ at, body }: AppendedLine): string => readLine({ seq: 0, at, body }).message;

/** A writer whose time the test lets pass, over a store that answers as it is told. */
function bench(runLogLevel: LineWriterParts['options']['runLogLevel'] = 'debug') {
  const sent: Sent[] = [];
  const told: EngineLog[] = [];
  const answers: (Error | Promise<void>)[] = [];
  let due: { ms: number; callback: () => void }[] = [];
  const ports: Ports = {
    ...nodePorts((entry) => told.push(entry)),
    after(ms, callback) {
      const timer = { ms, callback };
      due.push(timer);
      return () => void (due = due.filter((other) => other !== timer));
    },
  };
  const appendLines = async (batch: number, lines: readonly AppendedLine[]): Promise<void> => {
    sent.push([batch, lines.map(messageOf)]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    await answer;
  };
  const parts = {
    store: { appendLines },
    ports,
    options: { name: 'e', runLogLevel },
    storeTime: () => 1_000,
  };
  const writer = createLineWriter(parts);
  return {
    writer,
    sent,
    answers,
    warnings: () => told.map(({ message }) => message),
    say: (...messages: string[]) => {
      for (const message of messages) writer.keep('r', { level: 'info', message });
    },
    pauses: () => due.map(({ ms }) => ms),
    elapse: async () => {
      for (const { callback } of due.splice(0)) callback();
      await ports.drained();
      await ports.drained();
    },
  };
}

const away = new StoreError('ambiguous', 'the line is dead');

describe('lines', () => {
  it('leave together, a moment after the first of them, in order', async () => {
    const { say, sent, pauses, elapse } = bench();
    say('a', 'b');
    expect([sent, pauses()]).toEqual([[], [50]]);
    await elapse();
    say('c');
    await elapse();
    expect(sent.map(([, messages]) => messages)).toEqual([['a', 'b'], ['c']]);
    expect(new Set(sent.map(([batch]) => batch)).size).toBe(2);
    await elapse();
    expect([sent.length, pauses()], 'nothing is said, nothing is asked').toEqual([2, []]);
  });

  it('leave in batches', async () => {
    const { say, sent, elapse } = bench();
    say(...Array.from({ length: MAX_LINES + 1 }, (_, at) => `${at}`));
    await elapse();
    expect(sent.map(([, messages]) => messages.length)).toEqual([MAX_LINES, 1]);
  });

  it('are sent again as they were until the store has them, and those behind them after that', async () => {
    const { say, sent, answers, elapse, warnings } = bench();
    answers.push(away, away);
    say('a');
    await elapse();
    say('b');
    await elapse();
    await elapse();
    expect(sent.map(([, messages]) => messages)).toEqual([['a'], ['a'], ['a'], ['b']]);
    expect(new Set(sent.slice(0, 3).map(([batch]) => batch)).size).toBe(1);
    expect(warnings()).toEqual([]);
  });

  it('that the store refuses for good are told in the log, and hold up nobody', async () => {
    const { say, sent, answers, elapse, warnings } = bench();
    answers.push(new StoreError('definite', 'no room'));
    say('a');
    await elapse();
    say('b');
    await elapse();
    expect(sent.map(([, messages]) => messages)).toEqual([['a'], ['b']]);
    expect(warnings()).toEqual(['1 log lines of runs were not stored: no room']);
  });

  it.each([
    ['debug', ['a', 'b', 'c', 'd']],
    ['info', ['b', 'c', 'd']],
    ['error', ['d']],
    ['off', undefined],
  ] as const)('below %s are not kept', async (level, messages) => {
    const { writer, sent, elapse } = bench(level);
    writer.keep('r', { level: 'debug', message: 'a' });
    writer.keep('r', { level: 'info', message: 'b' });
    writer.keep('r', { level: 'warn', message: 'c' });
    writer.keep('r', { level: 'error', message: 'd' });
    await elapse();
    expect(sent[0]?.[1]).toEqual(messages);
  });

  it('are not gathered without end while the store does not take them', async () => {
    const { say, sent, answers, elapse, warnings } = bench();
    const slow = Promise.withResolvers<void>();
    answers.push(slow.promise);
    say('first');
    await elapse();
    say(...Array.from({ length: 20_010 }, (_, at) => `${at}`));
    slow.resolve();
    await elapse();
    await expect.poll(() => sent.length).toBe(41);
    expect(sent.at(-1)?.[1].at(-1)).toBe('19999');
    await expect
      .poll(warnings)
      .toEqual(['10 log lines of runs were not stored: there were too many for the store']);
  });

  it('and not too many bytes of them', async () => {
    const { say, answers, elapse, warnings, sent } = bench();
    const slow = Promise.withResolvers<void>();
    answers.push(slow.promise);
    say('first');
    await elapse();
    say(...Array.from({ length: 5_000 }, () => 'x'.repeat(4_000)));
    slow.resolve();
    await elapse();
    await expect.poll(warnings).toHaveLength(1);
    const stored = sent.flatMap(([, messages]) => messages).length - 1;
    expect(stored * 4_000).toBeLessThan(17_000_000);
    expect(warnings()).toEqual([
      `${5_000 - stored} log lines of runs were not stored: there were too many for the store`,
    ]);
  });
});

describe('a writer that stops', () => {
  it('writes what is left at once', async () => {
    const { writer, say, sent } = bench();
    say('a');
    await writer.stop();
    expect(sent.map(([, messages]) => messages)).toEqual([['a']]);
  });

  it('waits for what is under way', async () => {
    const { writer, say, sent, answers, elapse } = bench();
    const slow = Promise.withResolvers<void>();
    answers.push(slow.promise);
    say('a');
    await elapse();
    say('b');
    let stopped = false;
    const stopping = writer.stop().then(() => void (stopped = true));
    await elapse();
    expect(stopped).toBe(false);
    slow.resolve();
    await stopping;
    expect(sent.map(([, messages]) => messages)).toEqual([['a'], ['b']]);
  });

  it('says how many lines the store has not taken', async () => {
    const { writer, say, answers, elapse, warnings } = bench();
    answers.push(away, away);
    say('a', 'b');
    await elapse();
    say('c');
    await writer.stop();
    expect(warnings()).toEqual(['3 log lines of runs were not stored: the line is dead']);
  });
});
