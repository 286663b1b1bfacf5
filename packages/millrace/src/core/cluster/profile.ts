import { bytesOf, fieldsOf, listOf, numberOr, recordOf, textOr, textsOf } from './fields.ts';

export interface NamedVersion {
  readonly workflow: string;
  readonly version: string;
}

/** What an incarnation can do, the same for all its life. It announces it once. */
export interface EngineProfile {
  readonly region: string | undefined;
  readonly labels: readonly string[];
  /** Its share of work beside others; 1 is usual. */
  readonly weight: number;
  readonly namespace: string;
  /** Undefined: all. */
  readonly queues: readonly string[] | undefined;
  readonly executors: readonly string[];
  readonly workflows: readonly NamedVersion[];
  /** It interprets definitions: it can run every one that is stored in its namespace. */
  readonly definitions: boolean;
  /** Runs in turn, and steps, at once. */
  readonly capacity: { readonly workflows: number; readonly tasks: number };
  readonly beatMs: number;
  readonly leaseMs: number;
  /** Names of the engines that should be there. */
  readonly expected: readonly string[];
}

export function encodeProfile(profile: EngineProfile): Uint8Array {
  return bytesOf(profile);
}

/** Whatever version announced it: what is missing or odd is what an engine without options has. */
export function decodeProfile(bytes: Uint8Array): EngineProfile {
  const fields = fieldsOf(bytes);
  const capacity = recordOf(fields['capacity']);
  return {
    region: textOr(fields['region'], undefined),
    labels: textsOf(fields['labels']),
    weight: numberOr(fields['weight'], 1),
    namespace: textOr(fields['namespace'], 'default'),
    queues: Array.isArray(fields['queues']) ? textsOf(fields['queues']) : undefined,
    executors: textsOf(fields['executors']),
    workflows: listOf(fields['workflows'], (item) => {
      const { workflow, version } = recordOf(item);
      return typeof workflow === 'string' && typeof version === 'string' ? { workflow, version } : undefined;
    }),
    definitions: fields['definitions'] === true,
    capacity: { workflows: numberOr(capacity['workflows'], 0), tasks: numberOr(capacity['tasks'], 0) },
    beatMs: numberOr(fields['beatMs'], 1_000),
    leaseMs: numberOr(fields['leaseMs'], 5_000),
    expected: textsOf(fields['expected']),
  };
}
