import { afterEach, beforeEach, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { Millrace, workflow, type Run } from '../../../index.ts';

const calling = workflow('calling', (ctx, _: null) => ctx.call('work', null));

let place: Workplace;
let caller: Millrace;
let run: Run;

async function look(...args: string[]) {
  return (await millrace([...args, '--store', place.store])).out;
}
async function reason(of: Run) {
  return (await of.why()).reasons[0];
}

beforeEach(async () => {
  place = workplace();
  caller = await Millrace.open({ store: place.store, name: 'caller', workflows: [calling] });
  run = await caller.start(calling, null);
  await expect.poll(async () => (await reason(run))?.code).toBe('WAITING_TASK');
});
afterEach(async () => {
  await caller.close();
  place[Symbol.dispose]();
});

it('a call that waits for an engine is shown with its task, which only --tasks lists', async () => {
  const task = String((await reason(run))?.refs['runId']);
  expect(await look('show', run.runId)).toMatch(new RegExp(`^work +running +0 +is queued as ${task}$`, 'm'));
  expect(await look('why', run.runId)).toMatch(
    new RegExp(`^WAITING_TASK +attempt 1 of step "work" is queued, as run ${task} `, 'm'),
  );
  const chain = (await look('why', run.runId)).split('\n');
  expect(chain.slice(2, 6)).toEqual([
    expect.stringMatching(/^WAITING_TASK {2}.* \(since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d, \d+.*\)$/),
    `  Ask why that run is not done.  $ millrace why ${task}`,
    `  ${task} ($task/work) is queued`,
    expect.stringMatching(/^ {4}NO_ENGINE_FOR_EXECUTOR {2}no engine of queue "default" has executor "work"/),
  ]);
  expect(chain.at(-1)).toMatch(/^step work, queued .*, 0 attempts$/);
  const whole = JSON.parse(await look('why', run.runId, '--json')) as object;
  expect(whole).toMatchObject({
    complete: true,
    reasons: [{ causes: [{ runId: task, told: false, reasons: [{ code: 'NO_ENGINE_FOR_EXECUTOR' }] }] }],
  });
  expect(await look('why', task)).toMatch(
    /^NO_ENGINE_FOR_EXECUTOR +no engine of queue "default" has executor "work"/m,
  );
  expect(JSON.parse(await look('show', run.runId, '--json'))).toMatchObject({ steps: [{ taskRunId: task }] });
  expect(await look('runs')).not.toContain(task);
  expect(await look('runs', '--tasks')).toContain(task);
});

it('a call that executes elsewhere is shown with the engine', async () => {
  const end = Promise.withResolvers<string>();
  const worker = await Millrace.open({
    store: place.store,
    name: 'worker',
    executors: { work: () => end.promise },
  });
  await expect.poll(async () => (await reason(run))?.refs['engineId']).toBe('worker');
  const task = String((await reason(run))?.refs['runId']);
  expect(await look('show', run.runId)).toMatch(
    new RegExp(`^work +running +0 +worker +runs as ${task}$`, 'm'),
  );
  expect(await look('why', run.runId)).toMatch(/"work" executes on worker, as run/);
  end.resolve('done');
  expect(await run.result()).toBe('done');
  expect(await look('show', run.runId)).toMatch(/^work +completed +1 .* worker\b/m);
  await worker.close();
});
