import { z } from 'zod';
import { PERMISSIONS, ROLE_NAMES } from '../../core/access/roles.ts';
import { instant } from './runs/run.ts';

export const keyId = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .meta({ description: 'The visible part of an API key' });

const role = z.enum(ROLE_NAMES);
const permissions = z.array(z.enum(PERMISSIONS));

export const key = z
  .looseObject({
    keyId,
    namespace: z.string(),
    name: z.string(),
    role,
    permissions,
    status: z.enum(['active', 'expired', 'revoked']),
    createdAt: instant,
    createdBy: z.string().nullable(),
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
    revokedBy: z.string().nullable(),
  })
  .meta({ id: 'ApiKey' });

export const createdKey = key
  .extend({ key: z.string().meta({ description: 'The key itself, told this once' }) })
  .meta({ id: 'CreatedApiKey' });

export const keyWish = z
  .strictObject({
    role,
    name: z.string().min(1).max(256).optional(),
    expiresIn: z
      .union([z.int().positive(), z.string().min(1).max(200)])
      .optional()
      .meta({
        description: 'Milliseconds, or text such as "30d"; without it the key is good until it is revoked',
      }),
    permissions: permissions
      .nonempty()
      .optional()
      .meta({ description: 'What is left of the role; without it all of it' }),
  })
  .meta({ id: 'ApiKeyWish' });

export const keyPage = z.object({ items: z.array(key), nextCursor: z.string().nullable() });
