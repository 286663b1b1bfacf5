import { describe, expect, test } from 'vitest';
import { libraryFiles, repositoryFiles } from './repository.ts';
import { crossings, impurities } from './rooms.ts';

const LIBRARY = libraryFiles(repositoryFiles());

describe('the walls of the house', () => {
  test('no file imports across one', () => {
    expect(crossings(LIBRARY)).toEqual([]);
  });

  test.each([
    ['core/run/turn.ts', '../../engine/loop.ts'],
    ['core/run/turn.ts', 'node:fs'],
    ['core/run/turn.test.ts', '../../engine/loop.ts'],
    ['engine/loop.ts', '../cluster/leader.ts'],
    ['engine/loop.ts', '../store/sqlite/open-sqlite.ts'],
    ['store/sqlite/runs/claim.ts', '../../postgres/runs/claim.ts'],
    ['store/contract/start.ts', '../sqlite/open-sqlite.ts'],
    ['cluster/leader.ts', '../observe/metrics.ts'],
    ['flows/dag/dag.ts', '../job/job.ts'],
    ['flows/dag/dag.ts', '../../core/run/turn.ts'],
    ['api/handle.ts', '../millrace.ts'],
    ['millrace.ts', '../testbed/history.ts'],
    ['server/http.ts', '../cli/main.ts'],
    ['store/sqlite/open-sqlite.ts', 'pg'],
    ['newroom/thing.ts', '../core/json.ts'],
  ])('%s may not import %s', (path, specifier) => {
    for (const text of [
      `import { a } from '${specifier}';`,
      `import {\n  a,\n} from '${specifier}';`,
      `export * from '${specifier}';`,
      `import '${specifier}';`,
      `type A = import('${specifier}').A;`,
    ]) {
      expect(crossings([{ path, text }]), text).toHaveLength(1);
    }
  });

  test.each([
    ['engine/loop.ts', '../store/port/store.ts'],
    ['flows/dag/dag.ts', './graph.ts'],
    ['flows/dag/dag.ts', '../../core/workflow/context.ts'],
    ['store/postgres/open-postgres.ts', 'pg'],
    ['engine/loop.test.ts', '../testing/virtual-clock.ts'],
    ['core/workflow/workflow.ts', '@standard-schema/spec'],
    ['core/reading/fold.test.ts', '../../../testbed/history.ts'],
    ['millrace.ts', './engine/loop.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(crossings([{ path, text: `import { a } from '${specifier}';` }])).toEqual([]);
  });
});

describe('the pure rooms', () => {
  test('reach for no clock, no random number and nothing outside', () => {
    expect(impurities(LIBRARY)).toEqual([]);
  });

  test.each(['Date.now()', 'new Date()', 'Math.random()', 'setTimeout(f, 1)', 'process.env', 'fetch(url)'])(
    'may not use %s',
    (text) => {
      expect(impurities([{ path: 'engine/loop.ts', text: `const a = ${text};` }])).toHaveLength(1);
    },
  );

  test.each(["'Date.now()'", 'new Date(at)', '1; // Date.now()', 'ports.fetch(url)', 'ports.setTimeout(f)'])(
    'may say %s',
    (text) => {
      expect(impurities([{ path: 'core/run/turn.ts', text: `const a = ${text};` }])).toEqual([]);
    },
  );
});
