import type { Cli, GlobalOptions } from '../../../cli.ts';
import { plainJson } from '../../../../core/json/plain-json.ts';
import type { RunningNode } from './open-node.ts';

/** Says who works here, for whom, and where it answers. */
export function announce({ terminal }: Cli, { json }: GlobalOptions, node: RunningNode): void {
  const { tenants, url = null } = node;
  for (const millrace of tenants) {
    const { name = '', namespace = '', workflows = [] } = millrace.engine?.options ?? {};
    const incarnation = millrace.engine?.engineId ?? '';
    const names = workflows.map((workflow) => `${workflow.name}@${workflow.version}`);
    if (json === true)
      terminal.out(plainJson({ engineId: name, incarnation, namespace, workflows: names, url }));
    const of = tenants.names.length === 1 ? '' : ` for namespace ${namespace}`;
    terminal.tell(`engine ${name} works${of} (${incarnation}); workflows: ${names.join(', ') || 'none'}`);
  }
  if (url !== null) terminal.tell(`the API answers at ${terminal.tellStyle('bold', url)}`);
}
