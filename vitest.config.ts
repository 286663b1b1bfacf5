import { defineConfig } from 'vitest/config';

const postgres = ['packages/millrace/testbed/global-postgres.ts'];

export default defineConfig({
  test: {
    passWithNoTests: true,
    coverage: {
      provider: 'v8',
      include: ['packages/millrace/src/**/*.ts'],
      exclude: ['**/*.{test,contract,sim}.ts'],
      thresholds: { 'packages/millrace/src/core/**': { branches: 100 } },
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/millrace/{src,testbed,process}/**/*.test.ts',
            'tools/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
        },
      },
      {
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
