import { Ajv2020, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError, show } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import { typeWords } from './format/explain.ts';
import { pathOfPointer, valueAt } from './pointer.ts';
import { showValue, type Finding, type Path } from './problem.ts';

/** Of a schema as JSON text. What it is compiled into is many times as long. */
const MAX_SCHEMA_CHARS = 256 * 1024;
const MAX_ISSUES = 100;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * The JSON Schema of a definition's input as a Standard Schema that answers at once; undefined: any input.
 * @param schema - what `schemaFindings` finds nothing in.
 * @throws INVALID_DEFINITION.
 */
export function inputSchemaOf(schema: unknown): StandardSchemaV1<unknown, unknown> | undefined {
  if (schema === undefined) return undefined;
  const { validate, faults } = compileSchema(schema);
  const [fault] = faults;
  if (validate === undefined || fault !== undefined) {
    const { message, remedy } = fault as SchemaFault; // it says why there is nothing to validate with
    throw new MillraceError('INVALID_DEFINITION', `the schema of the input is broken: ${message}`, {
      remedy,
    });
  }
  return {
    '~standard': {
      version: 1,
      vendor: 'millrace',
      validate: (value) => {
        if (validate(value)) return { value };
        const errors = validate.errors as readonly ErrorObject[]; // it refuses nothing without one
        return { issues: errors.slice(0, MAX_ISSUES).map((error) => issueOf(error, value)) };
      },
    },
  };
}

const SCHEMA_REMEDY = 'Write JSON Schema, 2020-12: { type: object, required: [orderId] }.';

/** What is wrong with a schema of input. Other types than those of a schema are the format's. */
export function schemaFindings(schema: unknown, path: Path): readonly Finding[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return [];
  const size = JSON.stringify(schema).length;
  if (size > MAX_SCHEMA_CHARS) {
    const message = `the schema has ${size} characters, more than ${MAX_SCHEMA_CHARS}`;
    return [{ path, code: 'TOO_LARGE', message, remedy: 'Describe less of the input.' }];
  }
  const draft: unknown = '$schema' in schema ? schema.$schema : undefined;
  if (draft !== undefined && draft !== DRAFT) {
    return [
      {
        path: [...path, '$schema'],
        code: 'INPUT_SCHEMA',
        message: 'the schema is of another draft than 2020-12',
        value: show(draft),
        remedy: `Leave $schema out, or write ${DRAFT}.`,
      },
    ];
  }
  const ofShape = shapeFindings(schema, path);
  if (ofShape.length > 0) return ofShape;
  return compileSchema(schema).faults.map(({ pointer, message, value, remedy }) => ({
    ...{ path: [...path, ...pathOfPointer(schema, pointer)], code: 'INPUT_SCHEMA', message, value, remedy },
  }));
}

/** What the schema of schemas refuses: the deepest of what it says, for the rest follows from it. */
function shapeFindings(schema: object, path: Path): readonly Finding[] {
  const errors = refusalsOf(schema);
  const deepest = errors.toSorted((a, b) => depthOf(b) - depthOf(a));
  const places: string[] = [];
  return deepest.flatMap((error) => {
    const { instancePath } = error;
    if (places.some((place) => place === instancePath || place.startsWith(`${instancePath}/`))) return [];
    places.push(instancePath);
    const inside = pathOfPointer(schema, instancePath);
    const value = valueAt(schema, inside);
    return [
      {
        path: [...path, ...inside],
        code: 'INPUT_SCHEMA',
        message: `this is no JSON Schema: it ${sentenceOf(error)}`,
        value: showValue(value),
        remedy: guessFor(error, value) ?? SCHEMA_REMEDY,
      },
    ];
  });
}

function depthOf({ instancePath }: ErrorObject): number {
  return instancePath.split('/').length;
}

function guessFor({ keyword, params }: ErrorObject, value: unknown): string | undefined {
  if (keyword !== 'enum' || typeof value !== 'string') return undefined;
  const guess = didYouMean(value, (params['allowedValues'] as readonly unknown[]).map(String));
  return guess === undefined ? undefined : `Did you mean "${guess}"?`;
}

let meta: Ajv2020 | undefined;

/** What the schema of schemas says; the validator of it is compiled when it is first needed. */
function refusalsOf(schema: object): readonly ErrorObject[] {
  meta ??= new Ajv2020({ allErrors: true });
  void meta.validateSchema(schema);
  return meta.errors ?? [];
}

/** Why a schema that is one cannot be used. */
interface SchemaFault {
  /** JSON Pointer to what is wrong. */
  readonly pointer: string;
  readonly message: string;
  readonly value?: string;
  readonly remedy: string;
}

/**
 * Compiled by a validator of its own, so that two schemas cannot get into each other's way by `$id`, and nothing is left
 * of it.
 */
function compileSchema(schema: unknown): {
  readonly validate: ValidateFunction | undefined;
  readonly faults: readonly SchemaFault[];
} {
  // Some schemas are compiled more than once.
  const warnings = new Set<string>();
  const note = (text: unknown): void => void warnings.add(String(text));
  const ajv = new Ajv2020({
    ...{ allErrors: true, verbose: true, strict: false, meta: false, validateSchema: false },
    logger: { log: note, warn: note, error: note },
  });
  addFormats(ajv);
  try {
    const validate = ajv.compile(withoutDraft(schema));
    return { validate, faults: [...warnings].flatMap(formatFaults) };
  } catch (error) {
    return { validate: undefined, faults: [compilerFault(error as Error)] };
  }
}

/** The compiler looks for the schema of schemas that is named there, and it has been held against that before. */
function withoutDraft(schema: unknown): AnySchema {
  if (typeof schema !== 'object') return schema as AnySchema; // true or false
  const { $schema: _, ...rest } = schema as { readonly $schema?: unknown };
  return rest;
}

/** The compiler passes over a format that it does not know, with a warning; other warnings are of no interest. */
function formatFaults(warning: string): readonly SchemaFault[] {
  const found = warning.matchAll(/^unknown format "(.*)" ignored in schema at path "[^#]*#(.*)"$/g);
  return [...found].map(([, format, pointer]) => ({
    pointer: decodeURIComponent(`${pointer}/format`),
    message: `there is no format ${show(format)}`,
    value: show(format),
    remedy:
      'Use date-time, date, time, duration, email, uri, uuid, ipv4 or another one of JSON Schema, or a pattern.',
  }));
}

function compilerFault(error: Error): SchemaFault {
  const missing = 'missingRef' in error ? String(error.missingRef) : undefined;
  if (missing === undefined) {
    return { pointer: '', message: `the schema cannot be used: ${error.message}`, remedy: SCHEMA_REMEDY };
  }
  return {
    pointer: '',
    message: `the schema refers to ${show(missing)}, which is not there`,
    value: show(missing),
    remedy: 'Define it under $defs; other files are not read.',
  };
}

/** The package is CommonJS: its default export is the plugin. */
function addFormats(ajv: Ajv2020): void {
  (formats as unknown as (target: Ajv2020) => void)(ajv);
}

function issueOf(error: ErrorObject, input: unknown): StandardSchemaV1.Issue {
  const path = pathOfPointer(input, error.instancePath);
  const { keyword, params } = error;
  if (keyword === 'required')
    return { path: [...path, String(params['missingProperty'])], message: 'is missing' };
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const key = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
    return { path: [...path, key], message: 'is not allowed' };
  }
  return { path, message: `${sentenceOf(error)}, got ${showValue(error.data)}` };
}

function sentenceOf({ keyword, message = 'is not allowed', params }: ErrorObject): string {
  if (keyword === 'type') return `must be ${typeWords((params as { readonly type: string }).type)}`;
  if (keyword !== 'enum') return message;
  return `must be one of ${(params['allowedValues'] as readonly unknown[]).map(String).join(', ')}`;
}
