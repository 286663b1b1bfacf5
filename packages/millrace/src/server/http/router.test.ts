import { describe, expect, it } from 'vitest';
import { refusal } from '../../../testbed/engines/engines.ts';
import { type Method, route } from './route.ts';
import { createRouter } from './router.ts';

const declared = { summary: '', tag: 'tests', permission: 'read', answers: {} } as const;

function named(method: Method, path: `/${string}`) {
  const handle = () => Promise.resolve({ status: 200 });
  return route({ ...declared, method, path, name: `${method} ${path}`, handle });
}

const find = createRouter([
  named('get', '/runs'),
  named('post', '/runs'),
  named('post', '/runs/batch'),
  named('get', '/runs/{runId}'),
  named('get', '/runs/{runId}/history'),
  named('post', '/runs/{runId}/signals/{name}'),
]);

function found(method: string, path: string): unknown {
  const { route: one, params } = find(method, path) ?? {};
  return one && [one.name, { ...params }];
}

describe('the router', () => {
  it('finds a route by its words and parameters, a word before a parameter', () => {
    expect(found('GET', '/runs')).toEqual(['get /runs', {}]);
    expect(found('POST', '/runs/batch')).toEqual(['post /runs/batch', {}]);
    expect(found('GET', '/runs/batch')).toEqual(['get /runs/{runId}', { runId: 'batch' }]);
    expect(found('GET', '/runs/17/history')).toEqual(['get /runs/{runId}/history', { runId: '17' }]);
    const signal = ['post /runs/{runId}/signals/{name}', { runId: '17', name: 'a/b c' }];
    expect(found('POST', '/runs/17/signals/a%2Fb%20c')).toEqual(signal);
    expect(found('HEAD', '/runs/17')).toEqual(['get /runs/{runId}', { runId: '17' }]);
  });

  it.each([
    ['DELETE', '/runs'],
    ['GET', '/runs/'],
    ['GET', '/runs//history'],
    ['GET', '/Runs'],
    ['GET', '/runs/17/history/more'],
    ['POST', '/runs/17'],
    ['GET', '/'],
    ['GET', ''],
    ['OPTIONS', '*'],
    ['GET', '/runs/../runs'],
    ['GET', '/constructor'],
  ])('finds nothing at %s %s', (method, path) => {
    expect(found(method, path)).toBeUndefined();
  });

  it('refuses a path that is no text', () => {
    expect(() => find('GET', '/runs/%ff')).toThrow(refusal('INVALID_REQUEST', /%ff/));
  });
});
