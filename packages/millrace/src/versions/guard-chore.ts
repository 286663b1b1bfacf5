import { takenBack } from '../core/versions/change.ts';
import { countedSince, judge } from '../core/versions/guard.ts';
import { encodeRoute, routedVersions } from '../core/versions/route.ts';
import type { Engine } from '../engine/engine.ts';
import { startLoop, type Loop } from '../engine/loop.ts';
import type { Catalogue, KnownRoute } from './catalogue/catalogue.ts';

const PAUSE_MS = 3_000;

/**
 * Takes versions back that fail too often. Only the engine that leads looks, and only at roll-outs with a guard; two that
 * believe to lead conclude the same, and a route is changed only by who has seen its present revision.
 */
export function startGuard(engine: Engine, catalogue: Catalogue): Loop {
  const { namespace } = engine.options;

  const watch = async (name: string, { route, revision }: KnownRoute): Promise<boolean> => {
    const guard = route.rollout?.guard;
    if (route.rollout === undefined || guard === undefined) return false;
    const now = engine.clock.lower();
    const since = Math.floor(countedSince(guard, route.rollout.since, now));
    const outcomes = await engine.store.countVersions({ namespace, workflow: name, since });
    const tried = routedVersions(route).slice(1);
    const verdicts = judge(guard, { active: route.active, tried }, outcomes);
    if (verdicts.length === 0) return false;
    const after = takenBack(route, verdicts, Math.floor(now));
    const value = encodeRoute(after);
    const outcome = await engine.store.putRoute({ namespace, name, value, expectRevision: revision });
    const message = `workflow ${name} is rolled back to ${after.active}: ${after.changes.at(-1)?.reason}`;
    const fields = { workflow: name, versions: verdicts.map(({ version }) => version) };
    if (outcome === 'ok') engine.ports.log({ source: 'engine', level: 'warn', message, fields });
    return true;
  };
  const tick = async (): Promise<number> => {
    if (!engine.leads()) return PAUSE_MS;
    let changed = false;
    for (const [name, known] of catalogue.routes()) {
      // oxlint-disable-next-line no-await-in-loop -- few are guarded at once
      if (await watch(name, known)) changed = true;
    }
    if (changed) await catalogue.look();
    return PAUSE_MS;
  };
  const loop = startLoop(engine.ports, 'guard', tick, PAUSE_MS);
  loop.within(PAUSE_MS);
  return loop;
}
