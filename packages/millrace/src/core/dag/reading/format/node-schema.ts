import { ruled, type JsonSchema } from './json-schema.ts';

/** What a node does: exactly one of these keys says it. */
export const KINDS = ['executor', 'signal', 'sleep', 'workflow', 'value'] as const;
export type Kind = (typeof KINDS)[number];

/** Keys that mean something on every node. */
const SHARED = ['needs', 'join', 'when', 'onError'];
const EACH = ['forEach', 'concurrency', 'onItemError'];

/**
 * Keys that mean something for a kind, besides those of every node. A signal and a sleep do nothing that a list of items
 * could repeat: one wait is as good as many.
 */
const KEYS_OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  executor: ['with', 'retry', 'timeout', 'compensate', 'requires', 'region', 'affinity', ...EACH],
  signal: ['timeout'],
  sleep: [],
  workflow: ['with', 'timeout', 'compensate', 'requires', 'region', ...EACH],
  value: EACH,
};

export function keysOfKind(kind: Kind): readonly string[] {
  return [kind, ...SHARED, ...KEYS_OF_KIND[kind]];
}

export const DURATION = ruled("Write it like '30s', '2h 30m' or '7 days'; a number is milliseconds.", {
  description:
    'A duration: (number unit)+ with ms, s, m, h, d, w or English words; a number is milliseconds.',
  type: ['string', 'number'],
  examples: ['30s', '2h', '1h 30m', '7 days'],
});

const MAX_ATTEMPTS = 1_000_000;
const MAX_FACTOR = 1000;
export const MAX_CONCURRENCY = 1_000_000;

const ATTEMPTS = { minimum: 1, maximum: MAX_ATTEMPTS, examples: [5] };

const RETRY_OBJECT: JsonSchema = {
  properties: {
    maxAttempts: { description: 'The first try included. Default 4.', type: 'integer', ...ATTEMPTS },
    initial: { ...DURATION, description: 'Delay before the second attempt. Default 1s.' },
    factor: {
      description: 'Each further delay is the one before times this. Default 2.',
      type: 'number',
      minimum: 1,
      maximum: MAX_FACTOR,
      examples: [2],
    },
    max: { ...DURATION, description: 'No delay is longer. Default 60s.' },
    jitter: {
      description: 'Share of each delay that is random. Default 0.',
      type: 'number',
      minimum: 0,
      maximum: 1,
      examples: [0.2],
    },
    nonRetryable: {
      description: 'Codes, error names and classes of codes (HTTP_4XX) that no retry can help.',
      type: 'array',
      items: { type: 'string', minLength: 1, examples: ['HTTP_4XX'] },
      examples: [['HTTP_4XX']],
    },
  },
  additionalProperties: false,
};

const RETRY = ruled('Write { maxAttempts: 5, initial: 1s }, a number of attempts, or false for none.', {
  description: 'How a failed attempt is tried again: options, the number of attempts, or false for never.',
  type: ['object', 'integer', 'boolean'],
  not: { const: true },
  ...ATTEMPTS,
  ...RETRY_OBJECT,
  examples: [
    { maxAttempts: 5, initial: '1s', factor: 2, max: '60s', jitter: 0.2, nonRetryable: ['HTTP_4XX'] },
  ],
});

const NAME_CHARS = 256;

function nameOf(what: string, example: string): JsonSchema {
  return { description: what, type: 'string', minLength: 1, maxLength: NAME_CHARS, examples: [example] };
}

const EXECUTOR = nameOf('The executor that does the work.', 'http.request');
const WITH: JsonSchema = {
  description: 'What it is given; text in it may hold expressions: ${ input.orderId }.',
  examples: [{ orderId: '${ input.orderId }' }],
};

const COMPENSATE: JsonSchema = {
  description: 'What undoes the node; run in reverse order if the run fails later.',
  type: 'object',
  properties: { executor: EXECUTOR, with: WITH, retry: RETRY, timeout: DURATION },
  required: ['executor'],
  additionalProperties: false,
  examples: [{ executor: 'payments.refund', with: { id: '${ nodes.charge.output.id }' } }],
};

const PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  executor: EXECUTOR,
  signal: nameOf('The signal that it waits for; the output is what the signal brings.', 'approved'),
  sleep: { ...DURATION, description: 'How long it sleeps: a duration, or an expression that gives one.' },
  workflow: ruled('Use 1 to 128 letters, digits, ".", "_" and "-", beginning with a letter or digit.', {
    description: 'The workflow that it runs as a child; the output is that of the child.',
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
    examples: ['invoice'],
  }),
  value: {
    description: 'Its output, with expressions in it evaluated.',
    examples: ['${ input.items.size() }'],
  },
  needs: {
    description: 'The nodes that must have ended before it begins.',
    type: 'array',
    items: { type: 'string', examples: ['reserve'] },
    examples: [['reserve']],
  },
  join: {
    description:
      'Which ends of what it needs let it begin: all completed; all ended in any way; the first that completes.',
    enum: ['completed', 'settled', 'any'],
    default: 'completed',
  },
  when: ruled('Write one expression, "${ input.amount > 1000 }", or true or false.', {
    description: 'Whether it runs; false: it is skipped.',
    type: ['string', 'boolean'],
    examples: ['${ nodes.charge.output.amount > 1000 }'],
  }),
  with: WITH,
  forEach: ruled('Write one expression that gives a list, "${ input.contacts }", or a list.', {
    description:
      'It runs once for each item; item and index are in scope, the output is the list of outputs.',
    type: ['string', 'array'],
    examples: ['${ input.contacts }'],
  }),
  concurrency: {
    description: 'How many items run at once. Default: as many as the workflow lets run.',
    type: 'integer',
    minimum: 1,
    maximum: MAX_CONCURRENCY,
    examples: [10],
  },
  onItemError: {
    description:
      'What an item that fails for good does: fail the node, or be skipped and recorded with the reason.',
    enum: ['fail', 'skip'],
    default: 'fail',
  },
  retry: RETRY,
  timeout: {
    ...DURATION,
    description:
      'Of an executor per attempt; of a signal how long it is waited for; of a child from start to end.',
  },
  onError: {
    description:
      'What a failure for good does: fail the run, or count as completed, with output null and error set.',
    enum: ['fail', 'continue'],
    default: 'fail',
  },
  compensate: COMPENSATE,
  requires: {
    description: 'Labels that the engine must carry.',
    type: 'array',
    items: { type: 'string', minLength: 1, examples: ['pci'] },
    maxItems: 16,
    examples: [['pci']],
  },
  region: {
    description: 'Where the engine must stand.',
    type: 'string',
    minLength: 1,
    examples: ['eu-west'],
  },
  affinity: {
    description: 'Calls with the same text go to the same engine while it is able.',
    type: 'string',
    minLength: 1,
    examples: ['${ input.customerId }'],
  },
};

/** One node. Which keys go with which kind is written as `false` for those that do not. */
export const NODE: JsonSchema = {
  type: 'object',
  properties: PROPERTIES,
  additionalProperties: false,
  oneOf: KINDS.map((kind) => ({ required: [kind] })),
  dependentRequired: { concurrency: ['forEach'], onItemError: ['forEach'] },
  dependentSchemas: Object.fromEntries(KINDS.map((kind) => [kind, { properties: misplacedFor(kind) }])),
  examples: [{ executor: 'noop' }],
};

function misplacedFor(kind: Kind): Readonly<Record<string, false>> {
  const fitting: readonly string[] = [...KINDS, ...keysOfKind(kind)];
  const others = Object.keys(PROPERTIES).filter((key) => !fitting.includes(key));
  return Object.fromEntries(others.map((key) => [key, false]));
}
