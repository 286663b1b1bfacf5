import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { DEFINITION_SCHEMA } from './definition-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const FILE = new URL('../../../../../schema/definition.schema.json', import.meta.url);
const published = (): JsonSchema => JSON.parse(readFileSync(FILE, 'utf8')) as JsonSchema;

/** Every schema in a schema, with its path. */
function* schemasIn(schema: JsonSchema, path: string): Generator<readonly [string, JsonSchema]> {
  yield [path, schema];
  for (const [key, inside] of Object.entries({ ...schema.properties, ...schema.$defs })) {
    if (inside !== false) yield* schemasIn(inside, `${path}/${key}`);
  }
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}/items`);
}

describe('the published schema', () => {
  it('is the one that validates; written anew with --update', async () => {
    await expect(`${JSON.stringify(DEFINITION_SCHEMA, null, 2)}\n`).toMatchFileSnapshot(FILE.pathname);
  });

  it('is JSON Schema 2020-12 by the strictest reading', () => {
    expect(() =>
      new Ajv2020({ strictTypes: true, allowUnionTypes: true }).compile(published()),
    ).not.toThrow();
  });

  it('tells editors of every key what it is', () => {
    const properties = Object.entries({
      ...published().properties,
      ...published().$defs?.['node']?.properties,
    });
    expect(properties.filter(([, schema]) => schema === false || schema.description === undefined)).toEqual(
      [],
    );
  });

  it('has only examples that it accepts', () => {
    const ajv = new Ajv2020({ strictTypes: true, allowUnionTypes: true });
    const places = [...schemasIn(published(), '')];
    expect(places.length).toBeGreaterThan(30);
    for (const [path, schema] of places) {
      const { $schema: _, ...own } = schema;
      const validate = ajv.compile({ ...own, $defs: { node: published().$defs?.['node'] } });
      for (const example of schema.examples ?? [])
        expect([path, example, validate(example)]).toEqual([path, example, true]);
    }
  });
});
