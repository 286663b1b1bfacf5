import { demandsOf } from '../../../cluster/demands.ts';
import { formatDuration } from '../../../duration.ts';
import { show } from '../../../errors.ts';
import { checkName } from '../../../names.ts';
import { DEFAULT_RETRY } from '../../../policy/retry.ts';
import type { Root, Template } from '../../expression/template.ts';
import { KINDS, keysOfKind } from '../format/node-schema.ts';
import type { Path } from '../problem.ts';
import {
  isJson,
  readDuration,
  readExpressions,
  readOneExpression,
  refuse,
  type Check,
  type Json,
} from './check.ts';

/** A template of a node that speaks of others. */
export interface Speech {
  readonly speaker: number;
  readonly path: Path;
  readonly template: Template;
  /** A compensation runs when its own node has ended, too. */
  readonly mayNameItself: boolean;
}

interface Node {
  readonly position: number;
  readonly path: Path;
  readonly fields: Json;
  readonly hasItems: boolean;
}

const SHARED: readonly Root[] = ['input', 'nodes', 'run'];
const EACH: readonly Root[] = ['item', 'index'];
/** Only what an executor is given may hold secrets: it alone leaves nothing of it behind. */
const [PLAIN, PLAIN_EACH] = [new Set(SHARED), new Set([...SHARED, ...EACH])];
const [GIVEN, GIVEN_EACH] = [
  new Set<Root>([...SHARED, 'secrets']),
  new Set<Root>([...SHARED, ...EACH, 'secrets']),
];

/** What stands in one node, but for its needs; types and kinds are the format's. @returns who speaks of whom. */
export function checkNode(check: Check, position: number, id: string, fields: Json): readonly Speech[] {
  const node: Node = { position, path: ['nodes', id], fields, hasItems: 'forEach' in fields };
  const kinds = KINDS.filter((kind) => kind in fields);
  const [kind] = kinds;
  const keys = kind !== undefined && kinds.length === 1 ? keysOfKind(kind) : Object.keys(fields);
  return keys.flatMap((key) => {
    const value = fields[key];
    if (value === undefined) return [];
    const template = checkField(check, node, key, value);
    const speech =
      template === undefined ? [] : [{ template, path: [...node.path, key], mayNameItself: false }];
    const inside = key === 'compensate' && isJson(value) ? checkCompensation(check, node, value) : [];
    return [...speech, ...inside].map((spoken) => ({ speaker: position, ...spoken }));
  });
}

function checkField(check: Check, node: Node, key: string, value: unknown): Template | undefined {
  const path = [...node.path, key];
  const place = { path, allowed: node.hasItems ? PLAIN_EACH : PLAIN };
  switch (key) {
    case 'executor':
    case 'signal':
      checkWord(check, path, key, value);
      return undefined;
    case 'timeout':
      readDuration(check, path, value);
      return undefined;
    case 'retry':
      checkRetry(check, path, value);
      return undefined;
    case 'requires':
      checkRequires(check, path, value);
      return undefined;
    case 'when':
    case 'forEach':
      // Both are read before there is an item.
      if (typeof value === 'string') return readOneExpression(check, { path, allowed: PLAIN }, value);
      return Array.isArray(value) ? readExpressions(check, { path, allowed: PLAIN }, value) : undefined;
    case 'sleep':
      return checkSleep(check, path, value);
    case 'region':
      return checkRegion(check, path, readText(check, place, value));
    case 'affinity':
      return readText(check, place, value);
    case 'value':
      return readExpressions(check, place, value);
    case 'with': {
      const given = node.hasItems ? GIVEN_EACH : GIVEN;
      const isExecutor = 'executor' in node.fields;
      return readExpressions(check, { path, allowed: isExecutor ? given : place.allowed }, value);
    }
    default:
      return undefined;
  }
}

function readText(
  check: Check,
  place: Parameters<typeof readExpressions>[1],
  value: unknown,
): Template | undefined {
  return typeof value === 'string' ? readExpressions(check, place, value) : undefined;
}

function checkCompensation(check: Check, node: Node, fields: Json): readonly Omit<Speech, 'speaker'>[] {
  const path = [...node.path, 'compensate'];
  const { executor, retry, timeout } = fields;
  checkWord(check, [...path, 'executor'], 'executor', executor);
  checkRetry(check, [...path, 'retry'], retry);
  readDuration(check, [...path, 'timeout'], timeout);
  if (fields['with'] === undefined) return [];
  const place = { path: [...path, 'with'], allowed: node.hasItems ? GIVEN_EACH : GIVEN };
  const template = readExpressions(check, place, fields['with']);
  return template === undefined ? [] : [{ template, path: place.path, mayNameItself: true }];
}

/** Empty and long ones are the format's. */
function checkWord(check: Check, path: Path, kind: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.length > MAX_WORD) return;
  refuse(check, path, value, () => checkName(kind, value));
}

const MAX_WORD = 256;

/** A constant is a duration; what an expression gives is seen when it sleeps. */
function checkSleep(check: Check, path: Path, value: unknown): Template | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const template = readExpressions(check, { path, allowed: PLAIN }, value);
  if (template?.isConstant) readDuration(check, path, template.constant);
  return template;
}

function checkRegion(check: Check, path: Path, template: Template | undefined): Template | undefined {
  const region = template?.constant;
  if (typeof region === 'string' && region !== '') {
    refuse(check, path, region, () => demandsOf({ region }, 'node'));
  }
  return template;
}

function checkRequires(check: Check, path: Path, value: unknown): void {
  if (!Array.isArray(value) || value.length > MOST_LABELS) return;
  const labels = value.filter((label): label is string => typeof label === 'string' && label !== '');
  if (labels.length === value.length)
    refuse(check, path, value, () => demandsOf({ requires: labels }, 'node'));
}

const MOST_LABELS = 16;

function checkRetry(check: Check, path: Path, value: unknown): void {
  if (!isJson(value)) return;
  const maxMs = readDuration(check, [...path, 'max'], value['max']);
  const initialMs =
    value['initial'] === undefined
      ? DEFAULT_RETRY.initialMs
      : readDuration(check, [...path, 'initial'], value['initial']);
  if (maxMs === undefined || initialMs === undefined || maxMs >= initialMs) return;
  check.findings.push({
    path: [...path, 'max'],
    code: 'INVALID_VALUE',
    message: `max is shorter than initial, which is ${formatDuration(initialMs)}`,
    value: show(value['max']),
    remedy: 'Raise max or lower initial.',
  });
}
