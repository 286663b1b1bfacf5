import type { ErrorObject } from 'ajv/dist/2020.js';
import { show } from '../../../errors.ts';
import { didYouMean } from '../../../suggest.ts';
import { pathOfPointer, valueAt } from '../pointer.ts';
import { showValue, type Finding, type Path } from '../problem.ts';
import { remedyOf, type JsonSchema } from './json-schema.ts';
import { keysOfKind, KINDS, type Kind } from './node-schema.ts';

/** What the validator says, as it comes with `verbose`. */
export type Fault = ErrorObject;

/** One finding for each mistake: what only follows from another is left out. */
export function explain(faults: readonly Fault[], document: unknown): readonly Finding[] {
  const meant = new Set<string>();
  const unknown = faults.filter(({ keyword }) => keyword === 'additionalProperties');
  const others = faults.filter(({ keyword }) => keyword !== 'additionalProperties');
  return [
    ...unknown.map((fault) => unknownKey(fault, document, meant)),
    ...others.flatMap((fault) => findingsOf(fault, document, meant)),
  ];
}

/** @param meant - gets the places where a key is only misspelt, so that nobody misses it there. */
function unknownKey(fault: Fault, document: unknown, meant: Set<string>): Finding {
  const key = String(fault.params['additionalProperty']);
  const holder = fault.data as Readonly<Record<string, unknown>>; // only objects have keys
  const kinds = KINDS.filter((kind) => isNode(fault) && Object.hasOwn(holder, kind));
  const [kind] = kinds;
  const allowed = kind === undefined ? Object.keys(propertiesOf(fault)) : keysOfKind(kind);
  const guess = didYouMean(
    key,
    allowed.filter((name) => !Object.hasOwn(holder, name)),
  );
  if (guess !== undefined) meant.add(placeOf(fault, guess));
  return {
    path: [...pathOf(fault, document), key],
    code: 'UNKNOWN_KEY',
    message: `there is no key ${show(key)} here`,
    value: show(key),
    remedy: guess === undefined ? `Allowed: ${allowed.join(', ')}.` : `Did you mean "${guess}"?`,
    atKey: true,
  };
}

function findingsOf(fault: Fault, document: unknown, meant: ReadonlySet<string>): readonly Finding[] {
  switch (fault.keyword) {
    case 'required':
      // Inside the choice of a kind, `oneOf` speaks.
      return fault.schemaPath.includes('/oneOf/') ? [] : missingKey(fault, document, meant);
    case 'oneOf':
      return kindsOf(fault, document, meant);
    case 'false schema':
      return misplacedKey(fault, document);
    case 'dependentRequired':
      return lonelyKey(fault, document, meant);
    case 'propertyNames':
      return [badId(fault, document)];
    default:
      return fault.propertyName === undefined ? [badValue(fault, document)] : [];
  }
}

function missingKey(fault: Fault, document: unknown, meant: ReadonlySet<string>): readonly Finding[] {
  const key = String(fault.params['missingProperty']);
  if (meant.has(placeOf(fault, key))) return [];
  const schema = propertiesOf(fault)[key] as JsonSchema; // what is required is described
  return [
    {
      path: [...pathOf(fault, document), key],
      code: 'MISSING_KEY',
      message: `"${key}" is missing`,
      remedy: remedyOf(schema),
    },
  ];
}

function kindsOf(fault: Fault, document: unknown, meant: ReadonlySet<string>): readonly Finding[] {
  const { data } = fault;
  if (!isRecord(data)) return [];
  const kinds = KINDS.filter((kind) => Object.hasOwn(data, kind));
  const path = pathOf(fault, document);
  if (kinds.length > 1) {
    return [
      {
        path,
        code: 'NODE_KIND',
        message: `the node is of ${kinds.length} kinds: ${kinds.join(', ')}`,
        value: kinds.join(', '),
        remedy: 'Keep one of them, and make a node of its own of each other.',
      },
    ];
  }
  if (KINDS.some((kind) => meant.has(placeOf(fault, kind)))) return [];
  return [
    {
      path,
      code: 'NODE_KIND',
      message: 'the node does not say what it does',
      value: showValue(data),
      remedy: `Write one of ${KINDS.join(', ')}.`,
    },
  ];
}

/** A key that means nothing for the kind. Of a node of two kinds, only that is said. */
function misplacedKey(fault: Fault, document: unknown): readonly Finding[] {
  const path = pathOf(fault, document);
  const key = String(path.at(-1));
  const node = valueAt(document, path.slice(0, -1)) as Readonly<Record<string, unknown>>; // it has the key
  const kinds = KINDS.filter((kind) => Object.hasOwn(node, kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return [];
  const able = KINDS.filter((other) => keysOfKind(other).includes(key));
  return [
    {
      path,
      code: 'MISPLACED_KEY',
      message: `"${key}" means nothing on a node of the kind ${kind}`,
      value: showValue(node[key]),
      remedy: `Remove it; it is for ${able.join(', ')}.`,
      atKey: true,
    },
  ];
}

/** A key that means something only beside another. */
function lonelyKey(fault: Fault, document: unknown, meant: ReadonlySet<string>): readonly Finding[] {
  const { property, missingProperty } = fault.params as {
    readonly property: string;
    readonly missingProperty: string;
  };
  const node = fault.data as Readonly<Record<string, unknown>>; // it has the key
  const isMisplaced = KINDS.some(
    (kind: Kind) => Object.hasOwn(node, kind) && !keysOfKind(kind).includes(property),
  );
  if (isMisplaced || meant.has(placeOf(fault, missingProperty))) return [];
  return [
    {
      path: [...pathOf(fault, document), property],
      code: 'MISPLACED_KEY',
      message: `"${property}" means nothing without ${missingProperty}`,
      value: showValue(node[property]),
      remedy: `Remove it, or write ${missingProperty}.`,
      atKey: true,
    },
  ];
}

function badId(fault: Fault, document: unknown): Finding {
  const id = String(fault.params['propertyName']);
  const propertyNames = schemaOf(fault).propertyNames as JsonSchema; // it has refused the id
  return {
    path: [...pathOf(fault, document), id],
    code: 'INVALID_NAME',
    message: 'the id of the node is not allowed',
    value: show(id),
    remedy: remedyOf(propertyNames),
    atKey: true,
  };
}

function badValue(fault: Fault, document: unknown): Finding {
  const path = pathOf(fault, document);
  const schema = schemaOf(fault);
  return {
    path,
    code:
      fault.keyword === 'type'
        ? 'WRONG_TYPE'
        : fault.keyword === 'pattern'
          ? 'INVALID_NAME'
          : 'INVALID_VALUE',
    message: `${subjectOf(path)} ${reasonOf(fault, schema)}`,
    value: showValue(fault.data),
    remedy: remedyFor(fault, schema),
  };
}

function reasonOf({ keyword, data }: Fault, schema: JsonSchema): string {
  switch (keyword) {
    case 'type':
      return data === null
        ? 'has no value'
        : `is ${typeWord(data)}, not ${typeWords(schema.type as string | readonly string[])}`;
    case 'minimum':
      return `is less than ${schema.minimum}`;
    case 'maximum':
      return `is more than ${schema.maximum}`;
    case 'minLength':
    case 'minProperties':
      return 'is empty';
    case 'maxLength':
      return `is longer than ${schema.maxLength} characters`;
    case 'maxItems':
      return `has more than ${schema.maxItems} entries`;
    default:
      return 'is not allowed';
  }
}

function remedyFor({ keyword, data }: Fault, schema: JsonSchema): string {
  if (keyword === 'enum') {
    const words = (schema.enum as readonly unknown[]).map(String);
    const guess = typeof data === 'string' ? didYouMean(data, words) : undefined;
    return guess === undefined ? `Use one of ${words.join(', ')}.` : `Did you mean "${guess}"?`;
  }
  if (keyword === 'maxItems' || keyword === 'maxLength') return 'Make it shorter.';
  return remedyOf(schema);
}

/** `timeout`, `needs[0]`; the document itself at the root. */
function subjectOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the document';
  return typeof last === 'number' ? `entry ${last + 1}` : `"${last}"`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** What a schema wants, in words: `text or a number`. */
export function typeWords(type: string | readonly string[]): string {
  const words = [type].flat().map((name) => TYPE_WORDS[name] ?? name);
  return words.length === 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function typeWord(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? String(value) : (TYPE_WORDS[typeof value] as string);
}

function isNode({ schemaPath }: Fault): boolean {
  return schemaPath.startsWith('#/$defs/node/additionalProperties');
}

/** Of the object that a fault is about; objects of the format have them. */
function propertiesOf(fault: Fault): Readonly<Record<string, JsonSchema | false>> {
  return schemaOf(fault).properties as Readonly<Record<string, JsonSchema | false>>;
}

function schemaOf({ parentSchema }: Fault): JsonSchema {
  return parentSchema as JsonSchema; // `verbose` brings it along
}

/** A key of the object that a fault is about, as text. */
function placeOf({ instancePath }: Fault, key: string): string {
  return `${instancePath}/${key}`;
}

function pathOf({ instancePath }: Fault, document: unknown): Path {
  return pathOfPointer(document, instancePath);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
