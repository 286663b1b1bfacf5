import { show } from '../../../errors.ts';
import { checkKey, checkQueue } from '../../../names.ts';
import type { Root } from '../../expression/template.ts';
import { schemaFindings } from '../input-schema.ts';
import { isJson, readDuration, readExpressions, refuse, type Check, type Json } from './check.ts';

/** Where a limit is asked for there is no run yet. */
const OF_LIMITS: ReadonlySet<Root> = new Set(['input']);
const OF_OUTPUT: ReadonlySet<Root> = new Set(['input', 'nodes', 'run']);

/** What is beside the nodes; types are the format's. */
export function checkHead(check: Check, document: Json): void {
  const { queue, timeout, input, output, limits } = document;
  if (typeof queue === 'string' && queue !== '') refuse(check, ['queue'], queue, () => checkQueue(queue));
  readDuration(check, ['timeout'], timeout);
  check.findings.push(...schemaFindings(input, ['input']));
  if (output !== undefined) readExpressions(check, { path: ['output'], allowed: OF_OUTPUT }, output);
  if (Array.isArray(limits)) checkLimits(check, limits);
}

function checkLimits(check: Check, limits: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const [index, limit] of limits.entries()) {
    const key = isJson(limit) ? limit['key'] : undefined;
    if (typeof key !== 'string' || key === '') continue;
    const path = ['limits', index, 'key'];
    const template = readExpressions(check, { path, allowed: OF_LIMITS }, key);
    if (template?.isConstant) refuse(check, path, key, () => checkKey(template.constant));
    if (seen.has(key)) {
      check.findings.push({
        ...{ path, code: 'INVALID_VALUE', message: 'two limits have this key', value: show(key) },
        remedy: 'Keep one of them.',
      });
    }
    seen.add(key);
  }
}
