import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generated, OUTPUT } from './document.ts';
import { operationsText } from './operations.ts';
import { typeText } from './schema-text.ts';

describe('the types of the client', () => {
  it('are those of the routes of the server (else: npm run generate)', () => {
    expect(readFileSync(OUTPUT, 'utf8')).toBe(generated());
  });

  it.each([
    [{ type: 'string' }, 'string'],
    [{ type: ['integer', 'null'] }, 'number | null'],
    [{ enum: ['a', 'b', null] }, '"a" | "b" | null'],
    [{ const: true }, 'true'],
    [{ $ref: '#/components/schemas/Run' }, 'Run'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
    [{ anyOf: [{ type: 'string' }, {}] }, 'unknown'],
    [{ allOf: [{ $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }] }, '(A) & (B)'],
    [{ type: 'array', items: { type: 'boolean' } }, 'readonly boolean[]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }, 'readonly [string, number]'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, 'Readonly<Record<string, number>>'],
    [
      { type: 'object', properties: { a: { type: 'string' }, 'b-c': { type: 'number' } }, required: ['a'] },
      '{\nreadonly a: string;\nreadonly "b-c"?: number | undefined;\n}',
    ],
  ])('say of %j that it is %s', (schema, text) => {
    expect(typeText(schema)).toBe(text);
  });

  it('have the answers that are no refusals, and say where to ask', () => {
    const json = (schema: object) => ({ content: { 'application/json': { schema } } });
    const text = operationsText({
      paths: {
        '/api/v1/things/{id}': {
          put: {
            operationId: 'putThing',
            summary: 'Puts a thing.',
            parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
            requestBody: { required: true, ...json({ type: 'number' }) },
            responses: { 200: json({ type: 'string' }), 201: {}, default: json({ type: 'null' }) },
          },
        },
      },
      components: { schemas: {} },
    });
    expect(text).toContain('readonly answer: string | undefined;');
    expect(text).toContain('readonly body: number;');
    expect(text).toContain("putThing: { method: 'PUT', path: '/api/v1/things/{id}' },");
  });
});
