import type { Command } from 'commander';
import type { Deployed } from '../../../versions/acts/deploy.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { readDefinitionFile } from '../../modules/definition-file.ts';
import { safeText } from '../../output/safe-text.ts';
import { who } from '../../connect/who.ts';

type Options = GlobalOptions & { by?: string };

/** `deploy FILE`: stores a version of a definition for good. */
export function addDeploy(program: Command, cli: Cli): void {
  program
    .command('deploy')
    .description('store a version of a definition, which never changes from then on; the first one is active')
    .argument('<file>', 'the definition: YAML or JSON')
    .option('--by <name>', 'who deploys it; default: the user of this shell')
    .action(async (file: string, _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      // What is refused is, before a store is opened.
      const { document } = await readDefinitionFile(cli.terminal, file);
      const by = options.by ?? who(cli.terminal);
      const deployed = await withHouse(cli, options, (house) => house.deploy(document, { by }));
      printResult(cli, options.json, deployed, () => deployLines(deployed));
    });
}

function deployLines({ name, version, hash, outcome, active }: Deployed): string[] {
  const what = `${safeText(name)}@${version}`;
  const how = outcome === 'same' ? 'is deployed already, with this content' : 'is deployed';
  const next = active
    ? 'new runs get it'
    : `new runs do not get it yet: millrace activate ${what}, or millrace rollout ${name} ${version}=10%`;
  return [`${what} ${how} (${hash.slice(0, 12)})`, next];
}
