import fc from 'fast-check';

/** As much of JSON Schema as the schemas of routes use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What breaks careless programs: quotes of all languages, ends of numbers, names of prototypes, text that is none. */
const NASTY: readonly unknown[] = [
  ...[
    '',
    ' ',
    "' OR 1=1--",
    "'; DROP TABLE runs;--",
    '${7*7}',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '%00',
    '../../etc/passwd',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\ud800',
    '\u2028',
    '﻿',
    'a'.repeat(5_000),
    '🐎'.repeat(200),
  ],
  ...[
    'NaN',
    'Infinity',
    '-0',
    '1e400',
    '0x10',
    '9007199254740993',
    'true',
    'null',
    '[]',
    '{}',
    '*',
    '%',
    '_',
    '\\',
    '"',
  ],
  ...[0, -1, 1, 0.5, 1e308, -1e308, 2 ** 53, 2 ** 31, true, false, null, [], {}, [[]], { a: null }],
];

const wild: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values of the schema, and now and then something else altogether. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fitting(schema) }, { weight: 1, arbitrary: wild });
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const among = schema.anyOf ?? schema.oneOf;
  if (among !== undefined) return fc.oneof(...among.map(valuesOf));
  const type = typeof schema.type === 'object' ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? -10, -1e6),
        max: Math.min(schema.maximum ?? 1_000, 1e6),
      });
    case 'number':
      return fc.double({ min: schema.minimum ?? -10, max: schema.maximum ?? 1_000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), { maxLength: 5 });
    case 'object':
      return objectsOf(schema);
    default:
      return wild;
  }
}

function textOf({ format }: Schema): fc.Arbitrary<unknown> {
  if (format === 'uuid') return fc.uuid({ version: 7 });
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const words = fc.constantFrom(
    'echo',
    'default',
    'order',
    '1',
    '2',
    '10%',
    '30s',
    '1h',
    'running',
    'failed',
    'key:1',
  );
  return fc.oneof(words, fc.string({ maxLength: 12 }));
}

function objectsOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const value = valuesOf(schema).map((given): [string, unknown][] => [[name, given]]);
    const weight = required.includes(name) ? 20 : 2;
    return fc.oneof({ weight, arbitrary: value }, { weight: 1, arbitrary: fc.constant([]) });
  });
  const more =
    additionalProperties === false
      ? fc.oneof({ weight: 20, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: unknownField })
      : fc.oneof(fc.constant([]), unknownField);
  return fc.tuple(...fields, more).map((parts) => Object.fromEntries(parts.flat()));
}

const unknownField: fc.Arbitrary<[string, unknown][]> = fc
  .tuple(fc.constantFrom('__proto__', 'constructor', 'x', 'runId'), wild)
  .map((field) => [field]);
