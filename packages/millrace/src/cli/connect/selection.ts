import { MillraceError, show } from '../../core/errors.ts';
import { CLOSED_STATUSES, OPEN_STATUSES, type RunStatus } from '../../core/status.ts';
import { didYouMean } from '../../core/suggest.ts';

/** Which runs a command is about. */
export interface RunSelection {
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly tag?: string;
  readonly key?: string;
  readonly q?: string;
}

const STATUSES: readonly RunStatus[] = [...OPEN_STATUSES, ...CLOSED_STATUSES];
const FIELDS = ['status', 'workflow', 'tag', 'key', 'q'] as const;

/**
 * Statuses separated by commas.
 * @param where - the subject of messages: `--status`.
 * @throws INVALID_ARGUMENT with the likely spelling.
 */
export function readStatuses(where: string, text: string): readonly RunStatus[] {
  return text.split(',').map((word) => {
    const found = STATUSES.find((status) => status === word.trim());
    if (found !== undefined) return found;
    const guess = didYouMean(word.trim(), STATUSES);
    throw new MillraceError('INVALID_ARGUMENT', `${where}: ${show(word)} is no status of a run`, {
      remedy: guess === undefined ? `Use ${STATUSES.join(', ')}.` : `Did you mean ${show(guess)}?`,
    });
  });
}

/**
 * The selection of `--where 'status=failed&workflow=order'`: the filters of lists, written like a query
 * string.
 * @throws INVALID_ARGUMENT.
 */
export function readWhere(text: string): RunSelection {
  const selection: { -readonly [K in keyof RunSelection]: RunSelection[K] } = {};
  for (const [field, value] of new URLSearchParams(text)) {
    const known = FIELDS.find((name) => name === field);
    if (known === undefined) throw unknownFilter(field);
    if (value === '') throw new MillraceError('INVALID_ARGUMENT', `--where: ${field} has no value`);
    if (selection[known] !== undefined)
      throw new MillraceError('INVALID_ARGUMENT', `--where: ${field} is there twice`);
    if (known === 'status') selection.status = readStatuses('--where', value);
    else selection[known] = value;
  }
  if (Object.keys(selection).length > 0) return selection;
  throw new MillraceError('INVALID_ARGUMENT', '--where selects by nothing', {
    remedy: "Write filters such as --where 'status=failed&workflow=order'.",
  });
}

function unknownFilter(field: string): MillraceError {
  const guess = didYouMean(field, FIELDS);
  const remedy = guess === undefined ? `Filters are ${FIELDS.join(', ')}.` : `Did you mean ${show(guess)}?`;
  return new MillraceError('INVALID_ARGUMENT', `--where: unknown filter ${show(field)}`, { remedy });
}
