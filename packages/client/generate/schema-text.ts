/** A JSON Schema as far as types go. @source JSON Schema 2020-12. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
}

/** The type of a schema, as TypeScript writes it. */
export function typeText(schema: Schema | boolean | undefined): string {
  if (typeof schema === 'boolean' || schema === undefined) return 'unknown';
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const { anyOf, oneOf, allOf } = schema;
  if (anyOf !== undefined || oneOf !== undefined) return union((anyOf ?? oneOf ?? []).map(typeText));
  if (allOf !== undefined) return allOf.map((part) => `(${typeText(part)})`).join(' & ');
  const { type } = schema;
  if (typeof type === 'object') return union(type.map((one) => typeText({ ...schema, type: one })));
  return simpleText(schema, type);
}

function simpleText(schema: Schema, type: string | undefined): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return arrayText(schema);
    case 'object':
      return objectText(schema);
    case undefined:
    default:
      return 'unknown';
  }
}

function arrayText({ items, prefixItems }: Schema): string {
  if (prefixItems !== undefined) return `readonly [${prefixItems.map(typeText).join(', ')}]`;
  const text = typeText(items);
  return `readonly ${text.includes('|') ? `(${text})` : text}[]`;
}

function objectText({ properties, required = [], additionalProperties }: Schema): string {
  if (properties === undefined) return recordText(additionalProperties);
  const fields = Object.entries(properties).flatMap(([name, field]) => [
    ...(field.description === undefined ? [] : [`/** ${field.description.replaceAll('*/', '*\\/')} */`]),
    `readonly ${keyText(name)}${required.includes(name) ? '' : '?'}: ${fieldText(field, required.includes(name))};`,
  ]);
  // What a later server adds is there, but nobody can name it: fields that are not listed stay out of the type.
  return fields.length === 0 ? 'Readonly<Record<string, never>>' : `{\n${fields.join('\n')}\n}`;
}

function keyText(name: string): string {
  return /^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name);
}

/** With undefined where it may be left out, so that callers can pass on what they do not have. */
function fieldText(field: Schema, isRequired: boolean): string {
  return isRequired ? typeText(field) : union([typeText(field), 'undefined']);
}

function recordText(values: boolean | Schema | undefined): string {
  return `Readonly<Record<string, ${typeof values === 'object' ? typeText(values) : 'unknown'}>>`;
}

function union(parts: readonly string[]): string {
  const different = [...new Set(parts)];
  return different.includes('unknown') ? 'unknown' : different.join(' | ');
}
