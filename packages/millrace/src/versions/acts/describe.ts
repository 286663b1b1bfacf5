import { describeDefinition, type DefinitionDescription } from '../../core/versions/describe.ts';
import { sinceOf, type Route } from '../../core/versions/route.ts';
import { isClosed } from '../../core/status.ts';
import type { VersionCount } from '../../store/port/definitions.ts';
import type { VersionDesk } from '../desk.ts';
import { unknownWorkflow } from './reroute.ts';

/** Of roll-outs whose outcomes are counted at once. */
const COUNTED_AT_ONCE = 8;

/**
 * All workflows of the namespace by name: deployed, announced by engines, or with open runs.
 * @param only - undefined: all; closed runs are then counted of those that are being rolled out.
 * @throws UNKNOWN_WORKFLOW.
 */
export async function describeDefinitions(
  desk: VersionDesk,
  only: string | undefined,
): Promise<DefinitionDescription[]> {
  const { store, catalogue, namespace } = desk;
  await desk.answered(() => catalogue.look());
  const [engines, open] = await Promise.all([
    desk.engines.read(),
    desk.answered(() => store.countVersions({ namespace, workflow: only })),
  ]);
  const names = new Set([
    ...catalogue.rows().map(({ name }) => name),
    ...catalogue.routes().keys(),
    ...desk.workflows.map(({ name }) => name),
    ...engines.flatMap(({ workflows }) => workflows.map(({ workflow }) => workflow)),
    ...open.map(({ workflow }) => workflow),
  ]);
  const asked = [...names]
    .filter((name) => only === undefined || name === only)
    .toSorted((a, b) => (a < b ? -1 : 1));
  if (only !== undefined && asked.length === 0) throw await unknownWorkflow(desk, only);
  const closed = await countClosed(desk, asked, only !== undefined);
  return asked.map((name) => {
    const counted = closed.get(name);
    return describeDefinition({
      name,
      stored: catalogue.rows().filter((row) => row.name === name),
      route: catalogue.route(name),
      outcomes: [...open.filter(({ workflow }) => workflow === name), ...(counted ?? [])],
      counted: counted !== undefined,
      engines,
    });
  });
}

async function countClosed(
  { store, catalogue, namespace, answered }: VersionDesk,
  names: readonly string[],
  all: boolean,
): Promise<ReadonlyMap<string, readonly VersionCount[]>> {
  const wanted = names.flatMap((name): { name: string; route: Route }[] => {
    const route = catalogue.route(name);
    return route !== undefined && (all || route.rollout !== undefined) ? [{ name, route }] : [];
  });
  const found = new Map<string, readonly VersionCount[]>();
  while (wanted.length > 0) {
    const part = wanted.splice(0, COUNTED_AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- a few at once
    await Promise.all(
      part.map(async ({ name, route }) => {
        const since = sinceOf(route);
        const counts = await answered(() => store.countVersions({ namespace, workflow: name, since }));
        found.set(
          name,
          counts.filter(({ status }) => isClosed(status)),
        );
      }),
    );
  }
  return found;
}
