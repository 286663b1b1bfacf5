import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import type { Definition } from '../../../core/dag/definition.ts';
import { readDefinition } from '../../../core/dag/reading/read-definition.ts';
import type { PreflightReport } from '../../../core/rehearsal/report.ts';
import { definitionWorkflow } from '../../../flows/dag/definition-workflow.ts';
import { Millrace, workflow } from '../../../index.ts';

const before = workflow('order', async (ctx) => {
  await ctx.step('reserve', () => 1);
  await ctx.step('charge', () => 2);
  await ctx.waitForSignal('approved');
});

/** A module of a build whose workflow `order` has this body. */
function moduleWith(place: Workplace, body: string, version = 1): string {
  return place.write(
    `build-${Math.random()}.ts`,
    `import { workflow } from 'millrace';
     export const order = workflow('order', { version: ${version} }, async (ctx) => { ${body} });`,
  );
}
const SAME = `await ctx.step('reserve', () => {}); await ctx.step('charge', () => {});
  await ctx.waitForSignal('approved');`;

/** Runs that wait for their signal, and the keys `order-1`, `order-2`, …. */
async function withRuns(place: Workplace, runs = 1): Promise<void> {
  const engine = await Millrace.open({ store: place.store, workflows: [before] });
  for (let n = 1; n <= runs; n++) await engine.start(before, null, { key: `order-${n}` });
  await expect
    .poll(async () => (await engine.runs({ status: ['waiting'] })).runs.length, { timeout: 10_000 })
    .toBe(runs);
  await engine.close();
}

async function preflight(place: Workplace, ...args: string[]) {
  const outcome = await millrace(['preflight', ...args, '--against', place.store, '--json']);
  return {
    ...outcome,
    report: outcome.out === '' ? undefined : (JSON.parse(outcome.out) as PreflightReport),
  };
}

// Each starts threads, which take their time on a busy machine.
describe('preflight', { timeout: 60_000 }, () => {
  it('ends with 0 where every open run agrees, and leaves all as it was', async () => {
    using place = workplace();
    await withRuns(place, 2);
    const { status, report, err } = await preflight(place, moduleWith(place, SAME));
    expect(status).toBe(0);
    expect(report).toMatchObject({ ok: true, runs: 2, agreeing: 2, breaking: 0, stranded: 0, choices: [] });
    expect(err).toContain('2 open runs: none would break');
    const { out } = await millrace(['show', 'key:order-1', '--store', place.store, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      status: 'waiting',
      steps: [{ name: 'reserve' }, { name: 'charge' }],
    });
  });

  it('ends with 1 and names run, step, difference and choices where one would break', async () => {
    using place = workplace();
    await withRuns(place);
    const file = moduleWith(place, SAME.replace('charge', 'bill'));
    const { status, report } = await preflight(place, file);
    expect(status).toBe(1);
    expect(report?.breaks).toMatchObject([
      {
        key: 'order-1',
        workflow: 'order',
        version: '1',
        against: '1',
        status: 'waiting',
        code: 'NON_DETERMINISTIC',
        at: 'step "charge" (command 1)',
        expected: 'step "charge" (command 1)',
        actual: 'step "bill" (command 1)',
      },
    ]);
    const { out, err, status: plain } = await millrace(['preflight', file, '--against', place.store]);
    expect(plain).toBe(1);
    expect(out).toMatch(/^order +1 +1 +0 +1 +0$/m);
    expect(out).toContain('NON_DETERMINISTIC 1 run of order version 1 at step "charge" (command 1)');
    expect(out).toContain('actual    step "bill" (command 1)');
    for (const choice of ['pin', 'patch', 'migrate']) expect(out).toMatch(new RegExp(`^${choice}  `, 'm'));
    expect(out).toContain(`millrace cancel ${report?.breaks[0]?.runId ?? ''}`);
    expect(err).toContain('1 open run: 1 would break');
  });

  it('counts what the build has no version for, and holds it against another one on demand', async () => {
    using place = workplace();
    await withRuns(place, 2);
    const next = moduleWith(place, SAME, 2);
    const { status, report, err } = await preflight(place, next);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      stranded: 2,
      versions: [{ workflow: 'order', version: '1', against: null, stranded: 2 }],
      choices: [{ choice: 'pin' }, { choice: 'migrate' }],
    });
    expect(err).toContain('2 would be stranded');
    expect((await preflight(place, next, '--strict')).status).toBe(1);
    const tried = await preflight(place, next, '--as', 'order@2');
    expect(tried.report?.versions).toMatchObject([{ version: '1', against: '2', agreeing: 2, stranded: 0 }]);
    const both = await preflight(place, next, moduleWith(place, SAME));
    expect(both.report).toMatchObject({ agreeing: 2, stranded: 0 });
  });

  it.each([
    ['Order@2', 3, 'Did you mean "order"?'],
    ['order', 2, 'Write order@VERSION'],
    ['order@7', 3, 'It has 1.'],
  ])('refuses --as %s', async (wish, status, hint) => {
    using place = workplace();
    const outcome = await preflight(place, moduleWith(place, SAME), '--as', wish);
    expect(outcome).toMatchObject({ status, err: expect.stringContaining(hint) as string });
  });

  it('takes definitions, and says which node of a changed one would break', async () => {
    using place = workplace();
    const flow = (second: string): string => `
workflow: flow
version: 1
nodes:
  reserve: { executor: stock.reserve }
  ${second}: { needs: [reserve], executor: payments.charge }
  approved: { needs: [${second}], signal: approved }
`;
    const same = place.write('same.yaml', flow('charge'));
    const { definition } = readDefinition(flow('charge'), same) as { definition: Definition };
    const executors = { 'stock.reserve': () => 1, 'payments.charge': () => 2 };
    const flows = [definitionWorkflow(definition)];
    const engine = await Millrace.open({ store: place.store, workflows: flows, executors });
    const run = await engine.start({ name: 'flow', version: '1' }, {});
    await expect.poll(async () => (await run.describe()).status).toBe('waiting');
    await engine.close();
    expect(await preflight(place, same)).toMatchObject({ status: 0, report: { agreeing: 1 } });
    const changed = await preflight(place, place.write('changed.yaml', flow('bill')));
    expect(changed).toMatchObject({ status: 1, report: { breaking: 1 } });
    expect(changed.report?.breaks).toMatchObject([
      { at: 'step "charge" (command 1)', actual: 'step "bill" (command 1)' },
    ]);
    const wrong = place.write('wrong.yaml', flow('charge').replace('needs: [reserve]', 'needs: [reserv]'));
    const refused = await preflight(place, wrong);
    expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('wrong.yaml:6') as string });
  });

  it('ends a program that never comes back, and judges the others all the same', async () => {
    using place = workplace();
    await withRuns(place, 3);
    const endless = `if (ctx.key === 'order-2') for (;;) await null; ${SAME}`;
    const { status, report } = await preflight(place, moduleWith(place, endless), '--patience', '3s');
    expect(status).toBe(1);
    expect(report).toMatchObject({ agreeing: 2, breaking: 1 });
    expect(report?.breaks).toMatchObject([{ key: 'order-2', code: 'UNRESPONSIVE' }]);
  });

  it('gives a version up of which several runs are lost', async () => {
    using place = workplace();
    await withRuns(place, 5);
    const { report } = await preflight(place, moduleWith(place, 'process.exit(3)'));
    expect(report).toMatchObject({ agreeing: 0, breaking: 5 });
    expect(report?.breaks.filter(({ message }) => message.startsWith('not tried'))).toHaveLength(2);
  });

  it('keeps what a build prints out of the result', async () => {
    using place = workplace();
    await withRuns(place);
    const { report, err } = await preflight(place, moduleWith(place, `console.log('hello'); ${SAME}`));
    expect(report).toMatchObject({ ok: true });
    expect(err).toContain('hello');
  });

  it('refuses what it cannot load, and stores that are not there', async () => {
    using place = workplace();
    expect((await preflight(place, 'missing.ts')).status).toBe(3);
    const broken = place.write('broken.ts', 'export const order = 17;');
    expect(await preflight(place, broken)).toMatchObject({
      status: 2,
      err: expect.stringContaining('exports neither workflows nor executors') as string,
    });
    const dies = place.write('dies.ts', 'process.exit(1);');
    expect(await preflight(place, dies)).toMatchObject({ status: 2 });
    expect((await preflight(place, moduleWith(place, SAME))).status).toBe(5);
    expect((await preflight(place, moduleWith(place, SAME), '--limit', 'x')).status).toBe(2);
  });
});
