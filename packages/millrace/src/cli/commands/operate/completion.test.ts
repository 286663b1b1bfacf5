import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';

async function completed(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await millrace(['completion', 'bash']);
  const set = `COMP_WORDS=(millrace ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
  const script = `${out}\n${set}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' }).trim().split('\n');
}

describe.skipIf(process.platform === 'win32')('the completion of bash', () => {
  it.each([
    [['ca'], ['cancel']],
    [['queues', 'p'], ['pause']],
    [['queues', 'limit', 'slow', '--m'], ['--max']],
    [
      ['runs', '--json', '--st'],
      ['--status', '--store'],
    ],
    [
      ['runs', '--w'],
      ['--workflow', '--watch'],
    ],
    [['show', 'run', '--wa'], ['--watch']],
  ] satisfies [string[], string[]][])('of %j is %j', async (words, expected) => {
    expect(new Set(await completed(...words))).toEqual(new Set(expected));
  });
});

describe('the completion of other shells', () => {
  it('says what each command takes', async () => {
    const { out: zsh } = await millrace(['completion', 'zsh']);
    expect(zsh.split('\n')[0]).toBe('#compdef millrace');
    expect(zsh).toMatch(/'queues\/limit'\) words='.*--max.*'/);
    const { out: fish } = await millrace(['completion', 'fish']);
    const limit = '__fish_seen_subcommand_from queues; and __fish_seen_subcommand_from limit';
    expect(fish).toContain(`complete -c millrace -n '${limit}' -l max -d '`);
    expect(fish).toContain("complete -c millrace -n '__fish_use_subcommand' -a cancel -d '");
  });

  it('is not known of every shell', async () => {
    expect(await millrace(['completion', 'tcsh'])).toMatchObject({ status: 2 });
  });
});
