import { PRIORITIES } from '../../../status.ts';
import { ruled, type JsonSchema } from './json-schema.ts';
import { DURATION, MAX_CONCURRENCY, NODE } from './node-schema.ts';

/** Of all nodes together. */
export const MAX_NODES = 100_000;

/** Expressions name nodes by these. */
const NODE_ID = ruled('Use letters, digits, "_" and "-", beginning with a letter or "_"; at most 128.', {
  pattern: '^(?!__proto__$)[A-Za-z_][A-Za-z0-9_-]{0,127}$',
});

const LIMIT: JsonSchema = {
  type: 'object',
  properties: {
    key: {
      description: 'What is counted: of all runs with the same text at most `max` are worked on at once.',
      type: 'string',
      minLength: 1,
      examples: ["${ 'customer:' + input.customerId }"],
    },
    max: {
      description: 'How many.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      examples: [1],
    },
  },
  required: ['key', 'max'],
  additionalProperties: false,
  examples: [{ key: "${ 'customer:' + input.customerId }", max: 1 }],
};

const VERSION = ruled(
  'Use a positive whole number, or quoted text of 1 to 64 letters, digits, ".", "_" and "-".',
  {
    description: 'Positive whole number or text; 1 and "1" are the same. A deployed version never changes.',
    type: ['integer', 'string'],
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    pattern: '^[A-Za-z0-9._-]{1,64}$',
    examples: [1],
  },
);

const NAME = ruled('Use lower-case letters, digits and "-", beginning with a letter or digit; at most 128.', {
  description: 'Its name, which runs are started by.',
  type: 'string',
  pattern: '^[a-z0-9][a-z0-9-]{0,127}$',
  examples: ['order-fulfilment'],
});

const PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  $schema: { description: 'The address of this schema, for editors.', type: 'string' },
  workflow: NAME,
  version: VERSION,
  input: {
    description: 'JSON Schema (2020-12) of the input: what it refuses never becomes a run.',
    type: ['object', 'boolean'],
    examples: [{ type: 'object', required: ['orderId'] }],
  },
  queue: {
    description: 'The queue of its runs.',
    type: 'string',
    minLength: 1,
    maxLength: 128,
    default: 'default',
    examples: ['default'],
  },
  priority: { description: 'How urgent its runs are.', enum: PRIORITIES, default: 'normal' },
  timeout: {
    ...DURATION,
    description: 'From start to end of a run, which then ends timed-out. Default: none.',
  },
  limits: {
    description: 'How many runs at once, by key.',
    type: 'array',
    items: LIMIT,
    maxItems: 10,
    examples: [[]],
  },
  concurrency: {
    description: 'How many nodes and items run at once.',
    type: 'integer',
    minimum: 1,
    maximum: MAX_CONCURRENCY,
    default: 64,
    examples: [64],
  },
  nodes: ruled('Write at least one: nodes: { first: { executor: noop } }.', {
    description: 'What it does, by id of the node.',
    type: 'object',
    propertyNames: NODE_ID,
    additionalProperties: { $ref: '#/$defs/node' },
    minProperties: 1,
    examples: [{ first: { executor: 'noop' } }],
  }),
  output: {
    description: 'What a run gives. Default: the outputs of the nodes that nothing needs, by id.',
    examples: [{ receipt: '${ nodes.charge.output.id }' }],
  },
};

/**
 * The format of definitions. Published as `millrace/schema/definition.schema.json`, so that editors complete and check
 * while one writes; the reader validates with it.
 */
export const DEFINITION_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Millrace workflow definition',
  description: 'A workflow as a graph of nodes.',
  type: 'object',
  properties: PROPERTIES,
  required: ['workflow', 'version', 'nodes'],
  additionalProperties: false,
  $defs: { node: NODE },
  examples: [{ workflow: 'hello', version: 1, nodes: { greet: { value: 'Hello, ${ input.name }' } } }],
};
