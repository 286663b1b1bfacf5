import { describe, expect, it } from 'vitest';
import { fakeTerminal } from '../../../../../testbed/cli/fake-terminal.ts';
import type { RunView } from '../../../../core/dag/view/view-run.ts';
import { frame } from './frame.ts';
import { createLive } from './screen.ts';

type Node = RunView['nodes'][string];

const NOW = Date.UTC(2026, 0, 1);
const plain = (_format: unknown, text: string): string => text;

function node(status: Node['status'], more: Partial<Node> = {}): Node {
  const none = { startedAt: null, endedAt: null, engineId: null, output: null, error: null, retryAt: null };
  return { status, attempts: 0, waitsFor: [], ...none, ...more };
}
function instant(ms: number): string {
  return new Date(NOW + ms).toISOString();
}

describe('the nodes of a run', () => {
  it('are shown with how they stand, tries, items and time', () => {
    const nodes = {
      reserve: node('completed', { attempts: 2, startedAt: instant(-9_000), endedAt: instant(-4_000) }),
      charge: node('running', { attempts: 1, startedAt: instant(-4_000) }),
      notify: node('running', { startedAt: instant(-500), items: { total: 9, completed: 3, failed: 1 } }),
      rare: node('skipped', { endedAt: instant(-4_000) }),
      last: node('pending'),
    };
    const size = { rows: 24, columns: 80, now: NOW };
    expect(frame({ nodes }, plain, size)).toEqual([
      '2 of 5 nodes have ended',
      '   NODE     STATUS     TRIES  ITEMS   TIME',
      '✓  reserve  completed      2            5s',
      '▸  charge   running                     4s',
      '▸  notify   running             4/9  500ms',
      '–  rare     skipped',
      '·  last     pending',
    ]);
  });

  it('are shown as far as they fit, what matters most first, and the rest is summed up', () => {
    const many = Array.from({ length: 1_000 }, (_, n): [string, Node] => [
      `n${n}`,
      n < 600 ? node('completed', { endedAt: instant(n) }) : node('pending'),
    ]);
    many[700] = ['bad', node('failed')];
    many[800] = ['busy', node('running', { startedAt: instant(0) })];
    const lines = frame({ nodes: Object.fromEntries(many) }, plain, { rows: 8, columns: 80, now: NOW });
    expect(lines).toHaveLength(7);
    expect(lines.slice(2, 6).map((line) => line.split(/ +/)[1])).toEqual(['n600', 'n601', 'bad', 'busy']);
    expect(lines.at(-1)).toBe('… and 996 more: 396 pending, 600 completed');
  });
});

describe('lines that are drawn again', () => {
  it('stand below what is told, and replace each other', () => {
    const drawn: string[] = [];
    const screen = { size: () => ({ rows: 9, columns: 20 }), write: (text: string) => void drawn.push(text) };
    const { terminal, written } = fakeTerminal({ screen });
    const live = createLive(terminal);
    live.terminal.tell('before');
    live.draw(['one', 'two']);
    live.draw(['three']);
    live.terminal.tell('between');
    live.end();
    live.terminal.tell('after');
    const [wrap, noWrap] = ['\u001b[?7h', '\u001b[?7l'];
    expect(drawn).toEqual([
      `${noWrap}one\ntwo\n${wrap}`,
      `\u001b[2A\r\u001b[J${noWrap}three\n${wrap}`,
      '\u001b[1A\r\u001b[J',
      `${noWrap}three\n${wrap}`,
    ]);
    expect(written().err).toBe('before\nbetween\nafter');
  });
});
