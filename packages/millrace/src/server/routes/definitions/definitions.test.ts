import { describe, expect, it } from 'vitest';
import { open } from '../../../../testbed/engines/engines.ts';
import { apiOf } from '../../../../testbed/server/api.ts';
import { workflow } from '../../../index.ts';

const order = workflow('order', () => 'code');
const yaml = { 'content-type': 'application/yaml' };
const pair = (version: number, value = version) =>
  `workflow: pair\nversion: ${version}\nnodes:\n  a: { value: ${value} }\n`;

interface Body {
  code: string;
  active: string | null;
  changes: { act: string; by: string | null }[];
  versions: { version: string; percent: number }[];
}

describe('a definition', () => {
  it('is deployed as YAML or JSON, once', async () => {
    const call = apiOf(await open({ workflows: [order] }));
    const first = await call('PUT', '/definitions/pair/versions/1', pair(1), yaml);
    expect([first.status, first.body]).toMatchObject([201, { name: 'pair', version: '1', active: true }]);
    const json = { workflow: 'pair', version: 1, nodes: { a: { value: 1 } } };
    const same = await call('PUT', '/definitions/pair/versions/1', json);
    expect([same.status, same.body]).toMatchObject([200, { outcome: 'same' }]);
    const other = await call('PUT', '/definitions/pair/versions/1', pair(1, 5), yaml);
    expect([other.status, (other.body as Body).code]).toEqual([409, 'VERSION_EXISTS']);
    const read = await call('GET', '/definitions/pair/versions/1');
    expect(read.body).toMatchObject({ deployedBy: 'local', document: { nodes: { a: { value: 1 } } } });
  });

  it('that says it is another one is not stored', async () => {
    const call = apiOf(await open());
    const seen = await call('PUT', '/definitions/pair/versions/2', pair(1), yaml);
    expect([seen.status, (seen.body as Body).code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect((await call('GET', '/definitions/pair')).status).toBe(404);
  });

  it('that is wrong is refused with the place of every problem, which validate lists too', async () => {
    const call = apiOf(await open());
    const text = 'workflow: pair\nversion: 1\nnodes:\n  a: { needs: [b], value: 1 }\n  c: { valu: 1 }\n';
    const refused = await call('PUT', '/definitions/pair/versions/1', text, yaml);
    expect([refused.status, (refused.body as Body).code]).toEqual([422, 'INVALID_DEFINITION']);
    const { body } = await call('POST', '/definitions/validate?file=pair.yaml', text, yaml);
    expect(body).toMatchObject([
      { file: 'pair.yaml', line: 4, path: 'nodes.a.needs[0]' },
      { file: 'pair.yaml', line: 5 },
    ]);
    expect((await call('POST', '/definitions/validate', pair(1), yaml)).body).toEqual([]);
    const json = await call('POST', '/definitions/validate', { workflow: 'x' });
    expect(json.body).toMatchObject([{ file: null, path: 'version' }, { path: 'nodes' }]);
  });

  it('is taken in no other form', async () => {
    const call = apiOf(await open());
    const seen = await call('POST', '/definitions/validate', pair(1), { 'content-type': 'text/html' });
    expect([seen.status, (seen.body as Body).code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect((await call('POST', '/definitions/validate')).status).toBe(400);
  });
});

describe('versions', () => {
  it('are activated, rolled out and rolled back, each once for its Idempotency-Key', async () => {
    const call = apiOf(await open({ workflows: [order] }));
    for (const version of [1, 2, 3]) {
      await call('PUT', `/definitions/pair/versions/${version}`, pair(version), yaml);
    }
    const activate = (version: number) => call('POST', '/definitions/pair/activate', { version });
    await activate(2);
    expect((await activate(3)).body).toMatchObject({
      active: '3',
      changes: [{ act: 'activate', by: 'local' }, {}, {}],
    });
    const header = { 'idempotency-key': 'back' };
    const back = await call('POST', '/definitions/pair/rollback', undefined, header);
    expect((back.body as Body).active).toBe('2');
    const again = await call('POST', '/definitions/pair/rollback', undefined, header);
    expect((again.body as Body).active, 'its answer was lost').toBe('2');
    const rollout = { weights: { 3: 25 }, guard: { maxErrorRate: 0.2, window: '1h' } };
    const rolled = await call('POST', '/definitions/pair/rollout', rollout);
    expect((rolled.body as Body).versions).toMatchObject([
      { version: '3', percent: 25 },
      { version: '2', percent: 75 },
      { version: '1', percent: 0 },
    ]);
    expect(rolled.body).toMatchObject({ guard: { maxErrorRate: 0.2, windowMs: 3_600_000 } });
    const wrong = await call('POST', '/definitions/pair/rollout', { weights: { 3: 101 } });
    expect([wrong.status, (wrong.body as Body).code]).toEqual([400, 'INVALID_REQUEST']);
  });

  it('are listed in pages, those of code among them', async () => {
    const call = apiOf(await open({ workflows: [order] }));
    await call('PUT', '/definitions/pair/versions/1', pair(1), yaml);
    const first = await call('GET', '/definitions?limit=1');
    expect(first.body).toMatchObject({ items: [{ name: 'order' }], nextCursor: 'order' });
    const second = await call('GET', '/definitions?limit=1&cursor=order');
    expect(second.body).toMatchObject({ items: [{ name: 'pair' }], nextCursor: null });
  });

  it.each([
    ['GET', '/definitions/nobody', 'UNKNOWN_WORKFLOW'],
    ['GET', '/definitions/nobody/versions/1', 'UNKNOWN_WORKFLOW'],
    ['GET', '/definitions/order/versions/9', 'UNKNOWN_VERSION'],
    ['POST', '/definitions/nobody/rollback', 'UNKNOWN_WORKFLOW'],
  ])('that are not there are told so: %s %s', async (method, path, code) => {
    const seen = await apiOf(await open({ workflows: [order] }))(method, path);
    expect([seen.status, (seen.body as Body).code]).toEqual([404, code]);
  });
});
