const SLEEP_MS = 5000;
const FAN = 1000;

/**
 * The workloads' programs. `trace` hears of every step that begins and of every sleeper that goes on.
 * @param {typeof import('../../packages/millrace/dist/index.js').workflow} workflow
 */
export function defineWorkflows(workflow, trace) {
  const step = (ctx, id, index) =>
    ctx.step(`s${index}`, () => {
      trace.step(id, index);
      return index;
    });

  const one = workflow('one', async (ctx, { id }) => {
    await step(ctx, id, 0);
    return id;
  });

  const sequence = (name, length) =>
    workflow(name, async (ctx, { id }) => {
      for (let index = 0; index < length; index++) await step(ctx, id, index);
      return id;
    });

  const fan = workflow('fan', async (ctx, { id }) => {
    const results = await ctx.all(Array.from({ length: FAN }, (_, index) => step(ctx, id, index)));
    return results.length;
  });

  const family = workflow('family', async (ctx, { id }) => {
    const children = Array.from({ length: FAN }, (_, index) => ctx.child(one, { id: `${id}.${index}` }));
    const results = await ctx.all(children);
    return results.length;
  });

  const sleeper = workflow('sleeper', async (ctx, { id }) => {
    const before = ctx.now();
    await ctx.sleep(SLEEP_MS);
    trace.late(id, Date.now() - before - SLEEP_MS);
    return id;
  });

  return { one, ten: sequence('ten', 10), hundred: sequence('hundred', 100), fan, family, sleeper };
}

/** What each finished run of a workflow leaves in the store: completed runs and completed steps. */
export const LEAVES = {
  one: { runs: 1, steps: 1 },
  ten: { runs: 1, steps: 10 },
  hundred: { runs: 1, steps: 100 },
  fan: { runs: 1, steps: FAN },
  family: { runs: 1 + FAN, steps: FAN },
  sleeper: { runs: 1, steps: 0 },
};
