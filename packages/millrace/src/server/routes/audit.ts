import { z } from 'zod';
import { route, type Route } from '../http/route.ts';
import { limitOf } from '../schemas/page.ts';
import { auditPage } from '../schemas/audit.ts';
import { instant } from '../schemas/runs/run.ts';

const text = z.string().min(1).max(500).optional();

const listAudit = route({
  method: 'get',
  path: '/audit',
  name: 'listAudit',
  summary: 'Who did what, newest first.',
  tag: 'audit',
  permission: 'administer',
  query: z.strictObject({
    actor: text,
    action: text,
    target: text,
    from: instant.optional(),
    to: instant.optional(),
    cursor: z.uuid().optional(),
    limit: limitOf(1_000),
  }),
  answers: { 200: { description: 'A page of the log', schema: auditPage } },
  async handle({ query: { cursor: before, ...filter } }, { millrace }) {
    const { entries, next } = await millrace.audit({ ...filter, before });
    return { status: 200, body: { items: entries, nextCursor: next ?? null } };
  },
});

export const AUDIT_ROUTES: readonly Route[] = [listAudit];
