import type { Command } from 'commander';
import type { LockClaimant, LockDescription } from '../../../core/locks/describe-lock.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { safeText } from '../../output/safe-text.ts';
import { shortInstant } from '../../output/run-words.ts';
import { table } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

/** `locks`: who holds which, and who waits. `locks release NAME` takes one from its holder. */
export function addLocks(program: Command, cli: Cli): void {
  const locks = program
    .command('locks')
    .description('list the locks that are held or waited for: who holds each, until when, and who waits')
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const items = await withHouse(cli, options, (house) => house.locks());
      printResult(cli, options.json, { items }, () => lockTable(cli.terminal, items));
      if (options.json !== true && items.length === 0) cli.terminal.tell('no locks');
    });
  locks
    .command('release')
    .description(
      'take a lock from whoever holds it and give it to whoever waits; what its holder does is not stopped',
    )
    .argument('<name>', 'the lock')
    .action(async (name: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await withHouse(cli, options, (house) => house.releaseLock(name));
      printResult(cli, options.json, { name, released: true }, () => [`lock ${safeText(name)} is released`]);
    });
}

function lockTable({ outStyle: style, columns }: Terminal, locks: readonly LockDescription[]): string[] {
  if (locks.length === 0) return [];
  return table(
    [
      { title: 'LOCK', of: ({ name }) => name, shrinks: true },
      { title: 'TOKEN', of: ({ token }) => String(token), align: 'right' },
      { title: 'HOLDER', of: ({ holder }) => (holder === null ? '' : nameOf(holder)) },
      { title: 'SINCE', of: ({ holder }) => (holder === null ? '' : shortInstant(holder.since)) },
      {
        title: 'UNTIL',
        of: ({ expiresAt, expired }) =>
          expiresAt === null ? '' : `${shortInstant(expiresAt)}${expired ? ' expired' : ''}`,
      },
      { title: 'WAITING', of: ({ waiters }) => String(waiters.length), align: 'right' },
      { title: 'NEXT', of: ({ waiters: [next] }) => (next === undefined ? '' : nameOf(next)) },
    ],
    locks,
    { style, columns },
  );
}

function nameOf({ kind, id, owner }: LockClaimant): string {
  return kind === 'run' ? `run ${id}` : `${kind} ${owner}`;
}
