import type { Op, StepOp } from './program.ts';

/** What a program must produce whatever the schedule; undefined when it depends on the schedule. */
export type Expected = { status: 'completed'; tokens: string[] } | { status: 'failed' } | undefined;

/** The oracle: plays a program without engine, time or faults. */
export function expectedOf(body: readonly Op[]): Expected {
  const tokens: string[] = [];
  const counts = new Map<string, number>();
  for (const op of body) {
    const outcome = expectedOfOp(op, counts);
    if (outcome === undefined) return undefined;
    if (outcome === 'fails') return { status: 'failed' };
    tokens.push(...outcome);
  }
  return { status: 'completed', tokens };
}

function expectedOfOp(op: Op, counts: Map<string, number>): string[] | 'fails' | undefined {
  switch (op.op) {
    case 'step': {
      if (isSound(op)) return [`ok ${op.id}`];
      return op.caught ? [`failed ${op.id}`] : 'fails';
    }
    case 'sleep':
    case 'publish':
    case 'record':
    case 'compensate':
    case 'patch':
      return [];
    case 'signal': {
      if (op.timeoutMs !== undefined) return undefined;
      const count = (counts.get(op.name) ?? 0) + 1;
      counts.set(op.name, count);
      return [`signal ${op.name} ${count}`];
    }
    case 'flow':
      return op.nodes.every(({ step }) => step === undefined || isSound(step)) ? [`flow ${op.id}`] : 'fails';
    case 'external':
      if (op.timeoutMs !== undefined) return undefined;
      return [op.ok ? `external ${op.id}` : `refused ${op.id}`];
    case 'transaction':
      return [`tx ${op.id}`];
    case 'child':
      return expectedOfChild(op);
    case 'all':
      return expectedOfAll(op.branches, counts);
    case 'race':
    case 'any':
      return undefined;
    case 'lock':
      return op.waitMs === undefined ? expectedRest(op.body, counts) : undefined;
    case 'again':
      return expectedRest(op.body, counts);
  }
}

/** One of its attempts succeeds. */
function isSound({ terminal, tooSlow, fails, attempts }: StepOp): boolean {
  return !terminal && !tooSlow && fails < attempts;
}

function expectedOfChild(op: Extract<Op, { op: 'child' }>): string[] | 'fails' | undefined {
  if (op.detached) return [`detached ${op.id}`];
  const inner = expectedOf(op.body);
  if (inner === undefined) return undefined;
  if (inner.status === 'completed') return [`child ${op.id} [${inner.tokens.join(',')}]`];
  return op.caught ? [`failed ${op.id}`] : 'fails';
}

function expectedOfAll(
  branches: readonly Op[][],
  counts: Map<string, number>,
): string[] | 'fails' | undefined {
  const outcomes = branches.map((branch) => expectedRest(branch, counts));
  if (outcomes.includes(undefined)) return undefined;
  if (outcomes.includes('fails')) return 'fails';
  return outcomes.flatMap((outcome) => outcome as string[]);
}

function expectedRest(body: readonly Op[], counts: Map<string, number>): string[] | 'fails' | undefined {
  const tokens: string[] = [];
  for (const op of body) {
    const outcome = expectedOfOp(op, counts);
    if (outcome === undefined || outcome === 'fails') return outcome;
    tokens.push(...outcome);
  }
  return tokens;
}

/** Operations that the root run (and those it continues as) plays itself. */
export function* ownOps(body: readonly Op[]): Generator<Op> {
  for (const op of body) {
    yield op;
    if (op.op === 'again' || op.op === 'lock') yield* ownOps(op.body);
    else if ('branches' in op) for (const branch of op.branches) yield* ownOps(branch);
  }
}
