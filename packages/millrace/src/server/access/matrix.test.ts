import { isDeepStrictEqual } from 'node:util';
import { afterAll, assert, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { CreatedKey } from '../../api/access/keys.ts';
import { ROLE_NAMES } from '../../core/access/roles.ts';
import { workflow } from '../../core/workflow/workflow.ts';
import { Millrace } from '../../millrace.ts';
import { openStore } from '../../open-store.ts';
import type { Store } from '../../store/port/store.ts';
import { addressOf, type Route } from '../http/route.ts';
import { ROUTES } from '../routes/table.ts';
import { requesting, type Ask } from '../../../testbed/http/requesting.ts';
import { createApp } from '../server.ts';
import { createTenants } from '../tenants.ts';
import { createDoorkeeper } from './doorkeeper.ts';
import { may, type Role } from './principal.ts';

/*
 * Who may do what, from the table of routes itself: every route, every role, in the own namespace and in a foreign one,
 * without a credential and with one that is over. Where a route takes something that cannot be made here, its test fails: it
 * then needs a sample below.
 */

/** What bodies need that their schemas do not say. By the name of the route. */
const BODIES: Readonly<Record<string, unknown>> = {};

/** Parameters that name something that there is, of which each namespace has its own. */
type Thing = 'runId' | 'keyId';
type Things = Record<Thing, string>;

const sleeper = workflow('sleeper', async (ctx) => ctx.waitForSignal('never'));
const NAMESPACES = ['acme', 'globex'] as const;
const NOWHERE: Things = { runId: '0192f0a0-0000-7000-8000-000000000000', keyId: '0123456789abcdef' };

describe('who may do what', () => {
  let store: Store;
  let tenants: ReadonlyMap<string, Millrace>;
  let ask: Ask;
  const keys = new Map<string, CreatedKey>();
  const things = new Map<string, Things>();

  beforeAll(async () => {
    store = await openStore('sqlite::memory:');
    await store.migrate();
    const openNamespace = async (namespace: string): Promise<readonly [string, Millrace]> => {
      const millrace = await Millrace.open({ store, namespace, name: namespace, workflows: [sleeper] });
      const roles = ROLE_NAMES.map(async (role) =>
        keys.set(`${namespace} ${role}`, await millrace.keys.create({ role })),
      );
      await Promise.all(roles);
      const expired = await millrace.keys.create({ role: 'admin', expiresIn: 1 });
      keys.set(`${namespace} expired`, expired);
      await vi.waitFor(async () => assert((await millrace.keys.verify(expired.key)) === undefined));
      const revoked = await millrace.keys.create({ role: 'admin' });
      await millrace.keys.revoke(revoked.keyId);
      keys.set(`${namespace} revoked`, revoked);
      return [namespace, millrace];
    };
    const all = await Promise.all([openNamespace('acme'), openNamespace('globex')]);
    tenants = new Map(all);
    ask = open(all[0][1]);
    // Of a namespace that nobody serves.
    const elsewhere = await Millrace.open({ store, namespace: 'elsewhere', work: false });
    keys.set('elsewhere admin', await elsewhere.keys.create({ role: 'admin' }));
    await elsewhere.close();
  });
  afterAll(async () => {
    await Promise.all([...tenants.values()].map((millrace) => millrace.close()));
    await store.close();
  });

  /** What the namespaces have is made anew for each call: one act must not stand in the way of the next. */
  async function renew(): Promise<void> {
    for (const [namespace, millrace] of tenants) {
      const { runId } = await millrace.start(sleeper, undefined);
      const { keyId } = await millrace.keys.create({ role: 'viewer' });
      things.set(namespace, { runId, keyId });
    }
  }

  /** One for all calls; each comes from an address of its own, so that nobody is held up for what another showed. */
  function open(millrace: Millrace): Ask {
    let calls = 0;
    const doorkeeper = createDoorkeeper({
      namespaces: NAMESPACES,
      apiKeys: [],
      issuer: undefined,
      verify: (text) => millrace.keys.verify(text),
    });
    return requesting(
      createApp({
        tenants: createTenants(tenants),
        doorkeeper: { identify: (headers) => doorkeeper.identify(headers, `call ${calls++}`) },
        version: '0.0.0',
        uuid: () => 'request',
        maxBodyBytes: 100_000,
        reportBug: (error) => {
          throw error;
        },
      }),
    );
  }

  function call(route: Route, of: Things, key: string | undefined): Response | Promise<Response> {
    const credential = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const body = bodyOf(route);
    return ask(`${pathOf(route, of)}${queryOf(route)}`, {
      method: route.method.toUpperCase(),
      headers: { ...credential, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Status and code; the rest is not waited for. */
  async function outcome(route: Route, of: Things, key: string | undefined): Promise<Outcome> {
    const response = await call(route, of, key);
    const { status } = response;
    if (status < 400) {
      await response.body?.cancel();
      return { status, code: undefined };
    }
    const { code } = (await response.json()) as { code: string };
    return { status, code };
  }
  const keyOf = (name: string): string => keys.get(name)?.key ?? '';
  const thingsOf = (namespace: string): Things => things.get(namespace) ?? NOWHERE;

  it('asks of every route', () => {
    expect(ROUTES.length).toBeGreaterThan(3);
    expect(new Set(ROUTES.map(({ name }) => name)).size).toBe(ROUTES.length);
    for (const route of ROUTES) {
      expect(pathOf(route, NOWHERE), route.name).not.toMatch(/[{}]/);
      expect(() => route.body?.parse(bodyOf(route)), `${route.name}: its body needs a sample`).not.toThrow();
    }
  });

  describe.each(ROUTES.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const))(
    '%s',
    (_title, route) => {
      it.each(ROLE_NAMES)('by a %s of its own namespace', async (role: Role) => {
        await renew();
        const own = await outcome(route, thingsOf('acme'), keyOf(`acme ${role}`));
        const nowhere = await outcome(route, NOWHERE, keyOf(`acme ${role}`));
        expect(permits(role, route) ? ['served', 'unknown'] : ['forbidden']).toContain(verdictOf(own));
        const isLost = permits(role, route) && namesThings(route) && isDeepStrictEqual(own, nowhere);
        expect(isLost, `what is there is answered like what is not: ${show(own)}`).toBe(false);
      });

      it.each(ROLE_NAMES)('by a %s of another namespace', async (role: Role) => {
        await renew();
        const foreign = await outcome(route, thingsOf('acme'), keyOf(`globex ${role}`));
        const nowhere = await outcome(route, NOWHERE, keyOf(`globex ${role}`));
        const isSame = isDeepStrictEqual(foreign, nowhere);
        expect(isSame, `${show(foreign)} and ${show(nowhere)}`).toBe(true);
        const expected = namesThings(route) ? ['unknown'] : ['served', 'unknown'];
        expect(permits(role, route) ? expected : ['forbidden']).toContain(verdictOf(nowhere));
      });

      it.each([undefined, 'acme expired', 'acme revoked', 'not a key'])('with %s', async (name) => {
        await renew();
        const key = name === undefined ? undefined : keyOf(name) || name;
        const refused = { status: 401, code: 'UNAUTHENTICATED' };
        expect(await outcome(route, thingsOf('acme'), key)).toEqual(refused);
        expect(await outcome(route, NOWHERE, key)).toEqual(refused);
      });

      it('by somebody whose namespace is not served', async () => {
        const refused = { status: 403, code: 'NAMESPACE_NOT_SERVED' };
        expect(await outcome(route, NOWHERE, keyOf('elsewhere admin'))).toEqual(refused);
      });
    },
  );

  it('a key that was narrowed may no more than what is left of it', async () => {
    await renew();
    const narrow = await tenants.get('acme')?.keys.create({ role: 'admin', permissions: ['read'] });
    for (const route of ROUTES) {
      const { status } = await outcome(route, thingsOf('acme'), narrow?.key);
      expect(status === 403, route.name).toBe(route.permission !== 'read');
    }
  });
});

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
}

/** Anything but what is named here lets a test fail: a credential that is not known, a limit, a failure of the server. */
function verdictOf({ status, code }: Outcome): string {
  if (status === 403 && code === 'FORBIDDEN') return 'forbidden';
  if (status === 404) return 'unknown';
  return [401, 403, 429].includes(status) || status >= 500 ? `${status} ${code}` : 'served';
}

function permits(role: Role, { permission }: Route): boolean {
  return may({ kind: 'key', id: '', namespace: '', role }, permission);
}

function show({ status, code }: Outcome): string {
  return `${status} ${code}`;
}

function isThing(name: string): name is Thing {
  return Object.hasOwn(NOWHERE, name);
}

function parametersOf({ path }: Route): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

/** Whether it is about something that is in this namespace or in that one. */
function namesThings(route: Route): boolean {
  return parametersOf(route).some(isThing);
}

function pathOf(route: Route, of: Things): string {
  const shapes = propertiesOf(route.params);
  return addressOf(route).replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = isThing(name) ? of[name] : sampleOf(shapes.properties?.[name], `${route.name}.${name}`);
    return encodeURIComponent(String(value));
  });
}

function queryOf(route: Route): string {
  const { properties = {}, required = [] } = propertiesOf(route.query);
  const needed = new URLSearchParams();
  for (const name of required) needed.set(name, String(sampleOf(properties[name], `${route.name}?${name}`)));
  return needed.size === 0 ? '' : `?${needed.toString()}`;
}

function bodyOf(route: Route): unknown {
  if (route.body === undefined) return undefined;
  return BODIES[route.name] ?? sampleOf(shapeOf(route.body), `body of ${route.name}`);
}

/** As much of JSON Schema as schemas of requests use. */
interface Shape {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

function shapeOf(schema: z.ZodType): Shape {
  // What comes out is JSON Schema; the fields that are read here are those of it.
  const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return within(made, made.$defs ?? {});
}

/** With what is referred to in the place of references. */
function within(shape: Shape, defs: Readonly<Record<string, Shape>>): Shape {
  if (shape.$ref !== undefined) return within(defs[shape.$ref.replace('#/$defs/', '')] ?? {}, defs);
  const { properties, items, anyOf, oneOf } = shape;
  const all = Object.entries(properties ?? {}).map(([name, each]) => [name, within(each, defs)] as const);
  return {
    ...shape,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(all) }),
    ...(items === undefined ? {} : { items: within(items, defs) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((each) => within(each, defs)) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map((each) => within(each, defs)) }),
  };
}

function propertiesOf(schema: z.ZodType | undefined): Shape {
  return schema === undefined ? {} : shapeOf(schema);
}

const TEXTS = ['sample', '1', '0123456789abcdef', 'a1'];

/** The smallest value of a shape. @throws where this file does not know how to make one. */
function sampleOf(shape: Shape | undefined, where: string): unknown {
  if (shape === undefined) throw new Error(`${where}: nothing says what it is; it needs a sample here`);
  if ('const' in shape) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  const [first] = shape.anyOf ?? shape.oneOf ?? [];
  if (first !== undefined) return sampleOf(first, where);
  switch (shape.type) {
    case 'string':
      return textOf(shape, where);
    case 'integer':
    case 'number':
      return Math.max(1, shape.minimum ?? 1, (shape.exclusiveMinimum ?? 0) + 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: shape.minItems ?? 0 }, () => sampleOf(shape.items, where));
    case 'object':
      return Object.fromEntries(
        (shape.required ?? []).map((name) => [name, sampleOf(shape.properties?.[name], `${where}.${name}`)]),
      );
    case undefined:
      return {};
    default:
      throw new Error(`${where}: it is of type ${shape.type} and needs a sample here`);
  }
}

function textOf({ format, pattern, minLength = 0 }: Shape, where: string): string {
  if (format === 'uuid') return NOWHERE.runId;
  if (format === 'date-time') return '2030-01-01T00:00:00.000Z';
  const fits = (text: string): boolean =>
    text.length >= minLength && (pattern === undefined || new RegExp(pattern, 'u').test(text));
  const found = TEXTS.find(fits);
  if (found !== undefined) return found;
  throw new Error(`${where}: no sample here fits its pattern ${pattern}`);
}
