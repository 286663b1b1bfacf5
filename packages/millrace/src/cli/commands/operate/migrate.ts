import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { maskUrl } from '../../../core/configuration/mask-url.ts';
import { openStore } from '../../../open-store.ts';
import type { MigrationReport } from '../../../store/port/store.ts';
import { configurationOf, printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { answering } from '../../connect/open-client.ts';
import { databaseFile, storeAddress } from '../../connect/store-address.ts';

type Options = GlobalOptions & { dryRun?: boolean };

/** `migrate`: makes the schema of the store, or brings it up to date. */
export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description('make the schema of the store, or bring it up to date; safe while engines are running')
    .option('--dry-run', 'only say what would be done')
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const dryRun = options.dryRun === true;
      const { url } = storeAddress(options, configurationOf(cli).configuration.store);
      const report = await migrateAt(url, dryRun);
      const result = { store: maskUrl(url), dryRun, ...report };
      printResult(cli, options.json, result, () => migrationLines(maskUrl(url), report, dryRun));
    });
}

/** A dry run makes no file: what an absent database would need is what an empty one needs. */
async function migrateAt(url: string, dryRun: boolean): Promise<MigrationReport> {
  const file = databaseFile(url);
  const isAbsent = file !== undefined && !existsSync(file);
  const store = await answering(url, openStore(dryRun && isAbsent ? 'sqlite::memory:' : url));
  try {
    return await answering(url, store.migrate({ dryRun }));
  } finally {
    await store.close();
  }
}

function migrationLines(store: string, { from, to, applied }: MigrationReport, dryRun: boolean): string[] {
  if (applied.length === 0) return [`${store} is up to date (schema ${to})`];
  return [
    `${store}: schema ${from} ${dryRun ? 'would become' : 'became'} ${to}`,
    ...applied.map(({ id, name }) => `  ${id}  ${name}`),
  ];
}
