import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests work on the sources; what is published is what they become. */
const resolve = {
  alias: { '@millrace/client': fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)) },
};
const postgres = ['packages/millrace/testbed/global-postgres.ts'];

export default defineConfig({
  test: {
    passWithNoTests: true,
    // On two processors one file at a time leaves one of them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: {
      provider: 'v8',
      include: ['packages/millrace/src/**/*.ts'],
      exclude: ['**/*.{test,contract,sim}.ts'],
      thresholds: { 'packages/millrace/src/core/**': { branches: 100 } },
    },
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: [
            'packages/client/{src,generate}/**/*.test.ts',
            'packages/millrace/{src,testbed,process}/**/*.test.ts',
            'tools/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          // Only there for what hangs: minutes of virtual time take seconds, and longer beside other work.
          testTimeout: 30_000,
        },
      },
      {
        resolve,
        test: {
          name: 'contract',
          include: ['packages/millrace/src/**/*.contract.ts'],
          globalSetup: postgres,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['packages/millrace/src/testing/**/*.sim.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'process',
          include: ['packages/millrace/process/**/*.proc.ts'],
          globalSetup: postgres,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
