import { MillraceError } from '../errors.ts';

/** The key that marks a tagged value. The format is described in `core/json.ts`. */
export const TAG = '$millrace';

/** Levels of nesting that the codec handles: recursion stays far from the end of the stack. */
export const MAX_DEPTH = 1000;

/** What one pass over a value knows: who asked, and where in the value it is. */
export interface Walk {
  readonly where: string;
  readonly doing: 'store' | 'read';
  /** What the message calls the whole value: `result`, `input`. */
  readonly root: string;
  /** Keys and indices from the root on; its length is the depth. */
  readonly path: (string | number)[];
}

/** Particulars of a refusal. */
export interface Reason {
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * The error for the place where the walk is: `step "charge": cannot store result.items[3].callback: it is …`.
 */
export function refusal(walk: Walk, reason: string, options: Reason = {}): MillraceError {
  const path = pathText(walk);
  return new MillraceError('NOT_SERIALIZABLE', `${walk.where}: cannot ${walk.doing} ${path}: ${reason}`, {
    details: { where: walk.where, path, reason },
    ...options,
  });
}

const SHOWN_SEGMENTS = 10;

function pathText({ root, path }: Walk): string {
  const start = path.slice(0, SHOWN_SEGMENTS).reduce<string>(addSegment, root);
  if (path.length <= SHOWN_SEGMENTS) return start;
  return `${start}…${path.slice(Math.max(SHOWN_SEGMENTS, path.length - SHOWN_SEGMENTS)).reduce<string>(addSegment, '')}`;
}

function addSegment(text: string, segment: string | number): string {
  if (typeof segment === 'number') return `${text}[${segment}]`;
  return /^[A-Za-z_$][\w$]*$/.test(segment) ? `${text}.${segment}` : `${text}[${JSON.stringify(segment)}]`;
}
