import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { open } from '../../../../testbed/engines/engines.ts';

function definition(version: number, more = ''): string {
  return `workflow: order\nversion: ${version}\nnodes:\n  reply: { value: ${version} }\n${more}`;
}

async function command(place: Workplace, ...args: readonly string[]) {
  return millrace([...args, '--store', place.store], { env: { USER: 'anna' } });
}

async function asJson(place: Workplace, ...args: readonly string[]) {
  const { status, out, err } = await command(place, ...args, '--json');
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return JSON.parse(out) as Record<string, unknown>;
}

/** A store with versions 1 and 2 deployed. */
async function deployed(): Promise<Workplace> {
  const place = workplace();
  await millrace(['migrate', '--store', place.store]);
  for (const version of [1, 2]) {
    const file = place.write(`v${version}.yaml`, definition(version));
    expect(await command(place, 'deploy', file)).toMatchObject({ status: 0 });
  }
  return place;
}

describe('deploy', () => {
  it('stores a version and says whether new runs get it', async () => {
    using place = workplace();
    await millrace(['migrate', '--store', place.store]);
    const first = await command(place, 'deploy', place.write('v1.yaml', definition(1)));
    expect(first.out).toMatch(/^order@1 is deployed \([\da-f]{12}\)\nnew runs get it$/);
    const file = place.write('v2.yaml', definition(2));
    const second = await command(place, 'deploy', file);
    expect(second.out).toMatch(
      /new runs do not get it yet: millrace activate order@2, or millrace rollout order 2=10%/,
    );
    expect(await asJson(place, 'deploy', file)).toMatchObject({
      ...{ name: 'order', version: '2', outcome: 'same', active: false },
    });
  });

  it('is refused with the difference, and with all that is wrong', async () => {
    using place = await deployed();
    const changed = await command(place, 'deploy', place.write('v1.yaml', definition(1, 'queue: slow\n')));
    expect(changed).toMatchObject({ status: 1, out: '' });
    expect(changed.err).toMatch(/queue: nothing, now "slow"/);
    const broken = 'workflow: order\nversion: 3\nnodes:\n  a: { value: 1, needs: [b] }\n  c: { valeu: 1 }\n';
    const refused = await command(place, 'deploy', place.write('v3.yaml', broken));
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toMatch(/v3\.yaml:4:\d+ nodes\.a\.needs\[0\][^]*v3\.yaml:5:\d+ nodes\.c/);
    expect(await command(place, 'deploy', `${place.folder}/gone.yaml`)).toMatchObject({ status: 3 });
  });
});

describe('a route', () => {
  it('is activated, rolled out, guarded and rolled back', async () => {
    using place = await deployed();
    expect(await asJson(place, 'activate', 'order@2')).toMatchObject({ active: '2' });
    expect(await asJson(place, 'rollback', 'order')).toMatchObject({ active: '1' });
    const rolled = await asJson(place, 'rollout', 'order', '2=12.5%', '--guard', '5%', '--min-runs', '7');
    expect(rolled).toMatchObject({
      ...{ active: '1', guard: { maxErrorRate: 0.05, minRuns: 7 } },
      versions: [
        { version: '2', percent: 12.5 },
        { version: '1', percent: 87.5 },
      ],
    });
    const shown = await command(place, 'rollout', 'order', '2=20');
    expect(shown.out).toMatch(/order +2 +definition +20 % +0/);
    expect(shown.out).toMatch(/taken back when more than 5 % of at least 7 closed runs failed/);
    expect(shown.out).toMatch(/rollout 1, 2=20% by millrace-cli/);
    const unguarded = await command(place, 'rollout', 'order', '2=20', '--no-guard');
    expect(unguarded.out).not.toMatch(/taken back/);
    expect(await asJson(place, 'rollback', 'order')).toMatchObject({ active: '1', guard: null });
  });

  it.each([
    [['activate', 'order'], 2, /names no version/],
    [['activate', 'order@7'], 3, /no version 7; there are 1, 2/],
    [['activate', 'ordr@1'], 3, /Did you mean "order"/],
    [['rollout', 'order', '2'], 2, /"2" is no part/],
    [['rollout', 'order', '2=10', '2=20'], 2, /version 2 is there twice/],
    [['rollout', 'order', '2=10', '--guard', 'x'], 2, /--guard is "x"/],
    [['rollout', 'order', '2=10', '--no-guard', '--window', '1h'], 2, /both --no-guard/],
    [['rollout', 'order', '2=10', '--min-runs', 'x'], 2, /minRuns is NaN/],
    [['rollback', 'order'], 2, /no other was before it/],
  ])('refuses %j', async (args, status, message) => {
    using place = await deployed();
    const outcome = await command(place, ...args);
    expect(outcome.err).toMatch(message);
    expect(outcome).toMatchObject({ status, out: '' });
  });
});

describe('definitions', () => {
  it('lists names with their versions, and tells where nobody can run what is open', async () => {
    using place = await deployed();
    expect(await command(place, 'start', 'order')).toMatchObject({ status: 0 });
    const { out } = await command(place, 'definitions');
    const [titles, two, one] = out.split('\n');
    expect(titles).toMatch(/NAME +VERSION +KIND +NEW RUNS +OPEN +STRANDED +ENGINES +DEPLOYED +BY/);
    expect(two).toMatch(/order +2 +definition +0 +\d{4}-.* anna/);
    expect(one).toMatch(/order +1 +definition +100 % +1 +1 /);
    expect(await asJson(place, 'definitions')).toMatchObject({ items: [{ name: 'order', stranded: 1 }] });
    expect((await command(place, 'definitions', 'order')).out).toMatch(
      /1 open run of versions that no engine has/,
    );
    expect(await command(place, 'definitions', 'none')).toMatchObject({ status: 3 });
  });

  it('says that there are none', async () => {
    using place = workplace();
    await millrace(['migrate', '--store', place.store]);
    expect(await command(place, 'definitions')).toEqual({ status: 0, out: '', err: 'no definitions' });
  });
});

describe('start', () => {
  it('starts by name what an engine then executes', async () => {
    using place = await deployed();
    const { runId, ...more } = await asJson(place, 'start', 'order@2', '--key', 'k', '--priority', 'high');
    expect(more).toEqual({ workflow: 'order', version: '2', status: 'queued' });
    const engine = await open({ store: place.store });
    expect(await engine.run(String(runId)).result()).toEqual({ reply: 2 });
    const waited = await command(place, 'start', 'order', '--wait');
    expect(waited).toMatchObject({ status: 0, out: '{\n  "reply": 1\n}' });
    expect(waited.err).toMatch(/order version 1/);
  });

  it.each([
    [['start', 'ordr'], 3, /Did you mean "order"/],
    [['start', 'order', '--priority', 'hgh'], 2, /Did you mean "high"/],
    [['start', 'order', '--input', '{'], 2, /--input is not JSON/],
  ])('refuses %j', async (args, status, message) => {
    using place = await deployed();
    const outcome = await command(place, ...args);
    expect(outcome.err).toMatch(message);
    expect(outcome).toMatchObject({ status, out: '' });
  });
});
