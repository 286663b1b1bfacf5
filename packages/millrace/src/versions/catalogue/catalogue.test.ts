import { describe, expect, it } from 'vitest';
import { firstRoute } from '../../core/versions/change.ts';
import { encodeRoute } from '../../core/versions/route.ts';
import { workflow } from '../../index.ts';
import type { DefinitionList, DefinitionRow, DefinitionStore } from '../../store/port/definitions.ts';
import { createCatalogue } from './catalogue.ts';
import type { Interpreted } from './language.ts';

function row(version: string, more: Partial<DefinitionRow> = {}): DefinitionRow {
  const ref = { namespace: 'default', name: 'order', version };
  return { ...ref, hash: `h${version}`, bytes: 10, draft: false, storedAt: 0, storedBy: undefined, ...more };
}
function routeOf(name: string, version: string) {
  const value = encodeRoute(firstRoute(version, { at: 0, by: null }));
  return { namespace: 'default', name, value, revision: 1, changedAt: 0 };
}

/** A catalogue whose store the test plays; bodies say which children their definition has. */
function playing(options: { warm?: boolean } = {}) {
  const lists: DefinitionList[] = [];
  const read: string[] = [];
  const reports: string[] = [];
  const bodies = new Map<string, string>();
  let now = 0;
  const store = {
    listDefinitions: async () => lists.shift() ?? { revision: 0, definitions: [], routes: [] },
    readDefinitions: async (refs: readonly { name: string; version: string }[]) =>
      refs.map(({ name, version }) => {
        read.push(`${name}@${version}`);
        const found = bodies.get(`${name}@${version}`);
        return found === undefined
          ? undefined
          : { ...row(version, { name }), body: new TextEncoder().encode(found) };
      }),
  };
  const interpret = async (body: Uint8Array): Promise<Interpreted> => {
    const text = new TextDecoder().decode(body);
    if (text === 'broken') throw new Error('of a later version');
    const children = text === '' ? [] : text.split(' ');
    return { workflow: workflow('order', () => text), definition: undefined as never, children };
  };
  const catalogue = createCatalogue({
    store: store as unknown as DefinitionStore,
    ...{ namespace: 'default', ports: { clock: { mono: () => now, wall: () => now } }, interpret },
    persist: (call) => call(),
    report: (message) => void reports.push(message),
    ...{ freshMs: 1_000, warm: options.warm ?? false },
  });
  return {
    ...{ catalogue, read, reports, bodies },
    answer: (list: Partial<DefinitionList>) =>
      void lists.push({ revision: 1, definitions: [], routes: [], ...list }),
    pass: (ms: number) => void (now += ms),
    left: () => lists.length,
  };
}

describe('what a process knows of definitions', () => {
  it('is never replaced by something older', async () => {
    const { catalogue, answer } = playing();
    answer({ revision: 7, definitions: [row('1'), row('2')] });
    answer({ revision: 6, definitions: [row('1')] });
    await catalogue.look();
    await catalogue.look();
    expect(catalogue.has('order', '2')).toBe(true);
    expect(await catalogue.follow(7)).toBe(false);
  });

  it('is read again when a beat tells of something newer, and only then is it news', async () => {
    const { catalogue, answer } = playing();
    answer({ revision: 7, definitions: [row('1')] });
    expect(await catalogue.follow(7)).toBe(true);
    const known = catalogue.stored();
    answer({ revision: 8, definitions: [row('1')], routes: [routeOf('order', '1')] });
    expect(await catalogue.follow(8), 'a route is no new definition').toBe(false);
    expect(catalogue.stored()).toBe(known);
    expect(catalogue.route('order')?.active).toBe('1');
    expect(catalogue.highest('order')).toBe('1');
  });

  it('is looked at by itself when nobody has told of it lately', async () => {
    const { catalogue, answer, pass, left } = playing();
    answer({});
    answer({});
    await catalogue.refresh();
    await catalogue.refresh();
    expect(left()).toBe(1);
    pass(1_000);
    await catalogue.refresh();
    expect(left()).toBe(0);
  });

  it('leaves out what this process cannot read: its runs are for others', async () => {
    const { catalogue, answer, bodies, reports } = playing();
    answer({ definitions: [row('1'), row('2')] });
    await catalogue.look();
    bodies.set('order@2', 'broken');
    expect(await catalogue.load('order', '2')).toBeUndefined();
    expect(catalogue.has('order', '2')).toBe(false);
    expect(catalogue.stored().versions).toEqual([{ workflow: 'order', version: '1' }]);
    expect(reports).toEqual([expect.stringMatching(/version 2 of definition "order".*of a later version/)]);
  });
});

describe('the body of a definition', () => {
  it('is read once, however many want it at once, and again for a draft', async () => {
    const { catalogue, answer, bodies, read } = playing();
    answer({ definitions: [row('1'), row('2', { draft: true })] });
    await catalogue.look();
    bodies.set('order@1', '').set('order@2', '');
    expect(catalogue.loaded('order', '1')).toBeUndefined();
    const both = await Promise.all([catalogue.load('order', '1'), catalogue.load('order', '1')]);
    expect(both[0]).toBe(both[1]);
    expect(catalogue.loaded('order', '1')).toBe(both[0]);
    expect(await catalogue.load('order', '1')).toBe(both[0]);
    await catalogue.load('order', '2');
    await catalogue.load('order', '2');
    expect(catalogue.loaded('order', '2')).toBeUndefined();
    expect(read).toEqual(['order@1', 'order@2', 'order@2']);
    expect(await catalogue.load('nothing', '1')).toBeUndefined();
  });

  it('is there with those of the children that it will start, and of theirs', async () => {
    const { catalogue, answer, bodies, read } = playing();
    const names = ['order', 'bill', 'mail'];
    answer({
      definitions: names.map((name) => row('1', { name })),
      routes: names.map((name) => routeOf(name, '1')),
    });
    await catalogue.look();
    bodies.set('order@1', 'bill gone').set('bill@1', 'mail order').set('mail@1', '');
    await catalogue.load('order', '1');
    expect(read).toEqual(['order@1', 'bill@1', 'mail@1']);
    expect(catalogue.loaded('mail', '1')).toBeDefined();
  });

  it('is read before it is wanted where new runs get it and an engine may need it within a turn', async () => {
    const { catalogue, answer, bodies } = playing({ warm: true });
    bodies.set('order@1', '').set('order@2', '');
    answer({ definitions: [row('1'), row('2')], routes: [routeOf('order', '2')] });
    await catalogue.look();
    await expect.poll(() => catalogue.loaded('order', '2')).toBeDefined();
    expect(catalogue.loaded('order', '1')).toBeUndefined();
  });
});
