import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes/table.ts';

const FILE = new URL('../../openapi.json', import.meta.url);
const PACKAGE = new URL('../../package.json', import.meta.url);

describe('the published OpenAPI document', () => {
  it('is that of the routes; npm run suite -- unit src/server/openapi --update writes it anew', async () => {
    const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
    const text = JSON.stringify(openApiDocument(ROUTES, version), undefined, 2);
    await expect(`${text}\n`).toMatchFileSnapshot(FILE.pathname);
  });

  it('names every operation and every place once, with its parameters', () => {
    const names = ROUTES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const places = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { path, params } of ROUTES) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(params?.shape ?? {}), path).toEqual(inPath);
    }
  });

  it('tells of every act on runs and definitions that it may be sent again', () => {
    const posts = ROUTES.filter(
      ({ method, tag }) => method === 'post' && ['runs', 'definitions'].includes(tag),
    );
    const acts = posts.filter(({ name }) => name !== 'validateDefinition');
    expect(acts.filter(({ repeatable }) => repeatable !== true).map(({ name }) => name)).toEqual([]);
  });
});
