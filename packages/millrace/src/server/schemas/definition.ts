import { z } from 'zod';
import { instant } from './runs/run.ts';
import { text } from './text.ts';

export const versionName = text(64);
export const workflowName = text(128);

const version = z.looseObject({
  version: z.string(),
  kind: z.enum(['definition', 'code']),
  hash: z.string().nullable(),
  bytes: z.int().nullable(),
  draft: z.boolean(),
  deployedAt: instant.nullable(),
  deployedBy: z.string().nullable(),
  active: z.boolean(),
  percent: z.number().meta({ description: 'Of new runs' }),
  open: z.int(),
  openRuns: z.record(z.string(), z.int()),
  closed: z.int(),
  failed: z.int(),
  successRate: z.number().nullable(),
  meanMs: z.number().nullable(),
  engines: z.array(z.string()),
  stranded: z.int(),
});

export const definition = z
  .looseObject({
    name: z.string(),
    active: z.string().nullable(),
    since: instant.nullable(),
    guard: z
      .looseObject({ maxErrorRate: z.number(), minRuns: z.int(), windowMs: z.number().nullable() })
      .nullable(),
    changes: z.array(
      z.looseObject({
        at: instant,
        by: z.string().nullable(),
        act: z.string(),
        to: z.string(),
        reason: z.string().nullable(),
      }),
    ),
    stranded: z.int(),
    versions: z.array(version),
  })
  .meta({ id: 'Definition' });

export const deployed = z
  .looseObject({
    name: z.string(),
    version: z.string(),
    hash: z.string(),
    outcome: z.enum(['stored', 'same']),
    active: z.boolean(),
  })
  .meta({ id: 'Deployed' });

export const storedDocument = z
  .looseObject({
    name: z.string(),
    version: z.string(),
    hash: z.string(),
    draft: z.boolean(),
    deployedAt: instant,
    deployedBy: z.string().nullable(),
    document: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'StoredDocument' });

/** Something wrong with a definition, as `millrace validate --json` lists it. */
export const definitionProblem = z
  .looseObject({
    file: z.string().nullable(),
    line: z.int().nullable(),
    column: z.int().nullable(),
    path: z.string(),
    code: z.string(),
    message: z.string(),
    value: z.string().nullable(),
    remedy: z.string(),
  })
  .meta({ id: 'DefinitionProblem' });

export const rollOut = z.strictObject({
  weights: z
    .record(versionName, z.number().min(0).max(100))
    .meta({ description: 'Percent of new runs by version; 0 takes a version out' }),
  guard: z
    .union([
      z.boolean(),
      z.strictObject({
        maxErrorRate: z.number().optional(),
        minRuns: z.int().optional(),
        window: z.union([z.number().min(0), z.string().max(200)]).optional(),
      }),
    ])
    .optional()
    .meta({ description: 'When a version is taken back by itself' }),
});
