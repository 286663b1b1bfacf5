import { describe, expect, it } from 'vitest';
import { workflow } from '../../workflow/workflow.ts';
import { checkInputNow } from '../../workflow/check-input.ts';
import { inputSchemaOf, schemaFindings } from './input-schema.ts';

function issuesOf(schema: unknown, input: unknown): readonly string[] {
  const result = inputSchemaOf(schema)?.['~standard'].validate(input);
  if (result === undefined || 'then' in result) throw new Error('there is no answer at once');
  return (result.issues ?? []).map(({ path, message }) => `${path?.map(String).join('.')}: ${message}`);
}

describe('the schema of an input', () => {
  it('is none for a workflow that takes anything', () => {
    expect(inputSchemaOf(undefined)).toBeUndefined();
    expect(issuesOf(true, 1)).toEqual([]);
    expect(issuesOf(false, 1)).toEqual([': boolean schema is false, got 1']);
  });

  it('lists each thing that is wrong, with its path', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['orderId'],
      properties: {
        orderId: true,
        amount: { type: 'integer', minimum: 3 },
        colour: { enum: ['red', 'green'] },
        to: { type: 'string', format: 'email' },
        items: { type: 'array', items: { type: ['string', 'null'] } },
        place: { type: 'object', properties: { 'a/b~c': { type: 'string' } }, unevaluatedProperties: false },
      },
      additionalProperties: false,
    };
    const input = {
      amount: 1,
      colour: 'blue',
      to: 'nobody',
      items: ['a', 3],
      place: { 'a/b~c': 1, town: 'x' },
      extra: 1,
    };
    expect(issuesOf(schema, input).toSorted()).toEqual([
      'amount: must be >= 3, got 1',
      'colour: must be one of red, green, got "blue"',
      'extra: is not allowed',
      'items.1: must be text or null, got 3',
      'orderId: is missing',
      'place.a/b~c: must be text, got 1',
      'place.town: is not allowed',
      'to: must match format "email", got "nobody"',
    ]);
    expect(issuesOf(schema, { orderId: 1 })).toEqual([]);
    const many = Array.from({ length: 300 }, () => 3);
    expect(issuesOf(schema, { orderId: 1, items: many })).toHaveLength(100);
  });

  it('is what a workflow checks its input by', () => {
    const input = inputSchemaOf({ type: 'object', required: ['orderId'] });
    const order = workflow('order', { input }, () => 1);
    expect(checkInputNow(order, { orderId: 7 })).toEqual({ orderId: 7 });
    expect(() => checkInputNow(order, {})).toThrow(
      'input of workflow "order" is refused: orderId: is missing',
    );
  });

  it('is refused by name where a stored one is broken', () => {
    expect(() => inputSchemaOf({ $ref: '#/$defs/gone' })).toThrow(
      'the schema of the input is broken: the schema refers to "#/$defs/gone", which is not there',
    );
  });
});

const TYPES = 'array, boolean, integer, null, number, object, string';

describe('a schema that is none', () => {
  const finding = (schema: unknown): readonly string[] =>
    schemaFindings(schema, ['input']).map(({ path, message }) => `${path.join('.')} ${message}`);

  it('is refused where it is too large', () => {
    expect(finding({ description: 'x'.repeat(300_000) })).toEqual([
      'input the schema has 300018 characters, more than 262144',
    ]);
  });

  it('is refused where its parts are wrong, the deepest first', () => {
    expect(finding({ properties: { 'a b': { type: 'sting' } }, anyOf: [], minLength: -1 })).toEqual([
      `input.properties.a b.type this is no JSON Schema: it must be one of ${TYPES}`,
      'input.anyOf this is no JSON Schema: it must NOT have fewer than 1 items',
      'input.minLength this is no JSON Schema: it must be >= 0',
    ]);
    expect(finding({ type: 3 })).toHaveLength(1);
    expect(finding({ type: 'colour' })).toHaveLength(1);
  });

  it('is refused where it cannot be compiled', () => {
    expect(finding({ pattern: '(' })).toEqual([
      'input the schema cannot be used: Invalid regular expression: /(/u: Unterminated group',
    ]);
    expect(finding({ properties: { 'a b': { format: 'fax' }, c: { format: 'telex' } } })).toEqual([
      'input.properties.a b.format there is no format "fax"',
      'input.properties.c.format there is no format "telex"',
    ]);
  });

  it('may have keys of its own, and refer to itself', () => {
    expect(
      finding({ 'x-label': 1, properties: { next: { $ref: '#' }, at: { format: 'date-time' } } }),
    ).toEqual([]);
  });
});
