import { z } from 'zod';
import { ACT_OUTCOMES } from '../../core/audit/act.ts';
import { instant } from './runs/run.ts';

const auditEntry = z
  .looseObject({
    id: z.uuid(),
    at: instant,
    actor: z.string().meta({ description: '`key:ID`, `token:SUBJECT`, `cli:USER@HOST`, or `local`' }),
    action: z.string().meta({ description: 'The name of an operation' }),
    target: z.string().nullable(),
    outcome: z.enum(ACT_OUTCOMES),
    code: z.string().nullable().meta({ description: 'Of a refusal or a failure' }),
    remote: z.string().nullable().meta({ description: 'Address of the caller' }),
    reason: z.string().nullable(),
    requestId: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'AuditEntry' });

export const auditPage = z.object({ items: z.array(auditEntry), nextCursor: z.string().nullable() });
