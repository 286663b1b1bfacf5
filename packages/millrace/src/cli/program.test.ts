import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandPage } from '../../testbed/cli/command-page.ts';
import { fakeTerminal, millrace } from '../../testbed/cli/fake-terminal.ts';
import { createProgram } from './program.ts';

const page = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8');
const program = createProgram({ terminal: fakeTerminal().terminal, exitCode: 0 });

/** The part of the page under a command's heading. */
function sectionOf(command: string): string {
  return page.split(/^### /m).find((section) => section.startsWith(`\`${command}\`\n`)) ?? '';
}
function longOptions(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}

describe('the reference page', () => {
  it('has a section for exactly the commands that exist', () => {
    const documented = [...page.matchAll(/^### `([^`]+)`$/gm)].map(([, name]) => name);
    expect(documented).toEqual(program.commands.map((command) => command.name()));
  });
  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'names every option of %s',
    (name, command) => {
      const section = sectionOf(name);
      expect(longOptions(command).filter((option) => !section.includes(`\`${option}`))).toEqual([]);
    },
  );
  it('names every option that all have', () => {
    const options = longOptions(program).filter((option) => option !== '--version');
    expect(options.filter((option) => !page.includes(`\`${option}`))).toEqual([]);
  });
});

it('the page of all commands is made from them', async () => {
  await expect(commandPage(program)).toMatchFileSnapshot('../../../../docs/reference/commands.md');
});

describe('usage', () => {
  it('without a command shows help and is wrong usage', async () => {
    const { status, out, err } = await millrace([]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('Usage: millrace');
  });
  it('shows help and version on request', async () => {
    expect(await millrace(['--version'])).toEqual({
      status: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+/),
      err: '',
    });
    const { status, out } = await millrace(['run', '--help']);
    expect(status).toBe(0);
    expect(out).toContain('--input');
    expect(out).toContain('--store');
  });
  it.each([
    [['rnu'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['runs', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
    [['runs', '--store'], "option '--store <url>' argument missing"],
    [['show'], "missing required argument 'run'"],
    [['show', 'a', 'b'], 'too many arguments'],
  ])('%j is wrong usage', async (args, message) => {
    const { status, out, err } = await millrace(args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});
