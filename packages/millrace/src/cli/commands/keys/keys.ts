import type { Command } from 'commander';
import { durationMs } from '../../../core/duration.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { readLimit } from '../../connect/read-limit.ts';
import type { CreatedKey, HouseKeys, KeyDescription } from '../../house/house.ts';
import { shortInstant } from '../../output/run-words.ts';
import { table } from '../../output/table.ts';
import type { Format, Terminal } from '../../terminal.ts';
import { who } from '../../connect/who.ts';

type NamespaceOptions = GlobalOptions & { namespace?: string };
type CreateOptions = NamespaceOptions & { role: string; name?: string; expires?: string };
type ListOptions = NamespaceOptions & { limit?: string; cursor?: string };

const COLOURS: Readonly<Record<KeyDescription['status'], Format>> = {
  active: 'green',
  expired: 'yellow',
  revoked: 'red',
};

/** `keys`: by which programs and people use the API of a server. */
export function addKeys(program: Command, cli: Cli): void {
  const keys = program
    .command('keys')
    .description('create, list and revoke the keys by which the API is used');
  addCreate(keys, cli);
  addList(keys, cli);
  addRevoke(keys, cli);
}

function addCreate(keys: Command, cli: Cli): void {
  withNamespace(keys.command('create').description('make a key, which is shown this once'))
    .requiredOption('--role <role>', 'viewer, worker, operator or admin')
    .option('--name <name>', 'for people: what the key is for')
    .option('--expires <duration>', 'how long it is good for, such as 30d; default: until it is revoked')
    .action(async (_own: object, command: Command) => {
      const { role, name, expires, ...options } = command.optsWithGlobals<CreateOptions>();
      const created = await withKeys(cli, options, (all) =>
        all.create({
          role,
          name,
          by: who(cli.terminal),
          ...(expires === undefined ? {} : { expiresIn: durationMs(expires) }),
        }),
      );
      printResult(cli, options.json, created, () => [created.key]);
      if (options.json !== true) tellCreated(cli.terminal, created);
    });
}

function addList(keys: Command, cli: Cli): void {
  withNamespace(keys.command('list').description('list the keys, newest first; none of them is shown'))
    .option('--limit <n>', 'at most so many, from 1 to 1000; default 100')
    .option('--cursor <cursor>', 'where to go on')
    .action(async (_own: object, command: Command) => {
      const { limit, cursor, ...options } = command.optsWithGlobals<ListOptions>();
      const most = limit === undefined ? 100 : readLimit(limit);
      const page = await withKeys(cli, options, (all) => all.list({ limit: most, cursor }));
      const { items, nextCursor } = page;
      printResult(cli, options.json, page, () => keyTable(cli.terminal, items));
      if (options.json === true) return;
      if (items.length === 0) cli.terminal.tell('no keys');
      if (nextCursor !== null) cli.terminal.tell(`there are more: --cursor ${nextCursor}`);
    });
}

function addRevoke(keys: Command, cli: Cli): void {
  withNamespace(keys.command('revoke').description('end a key for ever; every server refuses it within 5 s'))
    .argument('<id>', 'the part of the key between its first two underscores')
    .action(async (keyId: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<NamespaceOptions>();
      const revoked = await withKeys(cli, options, (all) => all.revoke(keyId, { by: who(cli.terminal) }));
      printResult(cli, options.json, revoked, () => [`key ${revoked.keyId} is revoked`]);
    });
}

function withNamespace(command: Command): Command {
  return command.option('--namespace <name>', 'of a store: whose keys; default: default');
}

async function withKeys<T>(
  cli: Cli,
  { namespace, ...options }: NamespaceOptions,
  use: (keys: HouseKeys) => Promise<T>,
): Promise<T> {
  return withHouse(cli, options, (house) => use(house.keys), namespace);
}

function tellCreated({ tell }: Terminal, { keyId, namespace, role, expiresAt }: CreatedKey): void {
  const until = expiresAt === null ? 'until it is revoked' : `until ${shortInstant(expiresAt)}`;
  tell(`key ${keyId}: ${role} of namespace ${namespace}, ${until}. Keep it now: nobody can show it again.`);
}

function keyTable({ outStyle: style, columns }: Terminal, keys: readonly KeyDescription[]): string[] {
  if (keys.length === 0) return [];
  return table(
    [
      { title: 'ID', of: ({ keyId }) => keyId },
      { title: 'NAME', of: ({ name }) => name, shrinks: true },
      { title: 'ROLE', of: ({ role }) => role },
      {
        title: 'STATUS',
        of: ({ status }) => status,
        paint: ({ status }, cell) => style(COLOURS[status], cell),
      },
      { title: 'CREATED', of: ({ createdAt }) => shortInstant(createdAt) },
      { title: 'BY', of: ({ createdBy }) => createdBy ?? '' },
      { title: 'EXPIRES', of: ({ expiresAt }) => shortInstant(expiresAt) },
      { title: 'REVOKED', of: ({ revokedAt }) => shortInstant(revokedAt) },
    ],
    keys,
    { style, columns },
  );
}
