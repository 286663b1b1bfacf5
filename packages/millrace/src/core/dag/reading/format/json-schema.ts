/** JSON Schema 2020-12, as far as the format needs it. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema | false>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | false;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly dependentSchemas?: Readonly<Record<string, JsonSchema>>;
}

const REMEDIES = new WeakMap<JsonSchema, string>();

/** A schema, with what to do about a value that it refuses: the reader says it, editors have the description. */
export function ruled(remedy: string, schema: JsonSchema): JsonSchema {
  REMEDIES.set(schema, remedy);
  return schema;
}

/** What to do about a value that this schema refuses, in a sentence. */
export function remedyOf(schema: JsonSchema): string {
  const [example] = schema.examples ?? [];
  const written = example === undefined ? 'Correct it.' : `Write it like ${JSON.stringify(example)}.`;
  return REMEDIES.get(schema) ?? written;
}
