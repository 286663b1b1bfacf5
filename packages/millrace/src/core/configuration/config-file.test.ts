import { describe, expect, it } from 'vitest';
import { readLayers } from './config-file.ts';

const KNOWN = ['PORT', 'LOG_LEVEL', 'NODE_ENV', 'QUEUES'];

function read(document: unknown, faults: readonly string[] = []) {
  return readLayers({ path: 'file', document, faults }, 'test', KNOWN);
}
const messages = (document: unknown) =>
  read(document).problems.map(({ name, message }) => `${name}: ${message}`);

describe('a configuration file', () => {
  it('sets variables for all profiles, and others for one', () => {
    const document = {
      PORT: 1,
      LOG_LEVEL: 'info',
      profiles: { test: { PORT: 2, QUEUES: ['a', 'b'] }, other: { PORT: 3 } },
    };
    expect(read(document)).toEqual({
      layers: [
        { source: 'file (test)', variables: { PORT: '2', QUEUES: 'a,b' } },
        { source: 'file', variables: { PORT: '1', LOG_LEVEL: 'info' } },
      ],
      problems: [],
    });
    expect(read({ PORT: 1 }).layers[0]?.variables).toEqual({});
    expect(read({ PORT: null, LOG_LEVEL_FILE: true }).layers[1]?.variables).toEqual({
      PORT: '',
      LOG_LEVEL_FILE: 'true',
    });
  });

  it('may be empty, or not there to be read', () => {
    for (const document of [null, undefined]) expect(read(document)).toEqual({ layers: [], problems: [] });
    expect(read(undefined, ['line 3: no']).problems).toEqual([
      { name: 'file', value: '', message: 'line 3: no' },
    ]);
  });

  it('is told everything that is wrong with it, in all its profiles', () => {
    expect(messages([])).toEqual(['file: must be variables by name']);
    expect(messages({ profiles: 'x' })).toEqual(['file: profiles must be variables by profile']);
    expect(messages({ profiles: { test: 1, other: 2 } })).toEqual([
      'file: profile test must be variables by name',
      'file: profile other must be variables by name',
    ]);
    const wrong = { PROT: 1, NODE_ENV: 'x', MILLRACE_SECRET_A: 'x', ZZZZ: 1 };
    expect(messages({ ...wrong, profiles: { other: { PORT: {} } } })).toEqual([
      'PORT in file (other): must be text, a number, or a list',
      'PROT in file: is not a variable of Millrace; did you mean PORT?',
      'NODE_ENV in file: chooses the profile, so it is set in the environment alone',
      'MILLRACE_SECRET_A in file: is a secret: set it, or its _FILE, in the environment',
      'ZZZZ in file: is not a variable of Millrace',
    ]);
    for (const list of [[['a']], ['a,b'], [{}]])
      expect(messages({ QUEUES: list })).toEqual(['QUEUES in file: must be text, a number, or a list']);
  });
});
