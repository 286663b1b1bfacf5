import type { Random } from '../virtual/random.ts';
import type { Op, StepOp } from './program.ts';

/** What a generated program may contain. */
export interface Taste {
  /** Children, parallel branches and continued runs may be nested this deep. */
  depth: number;
  /** Operations per sequence. */
  length: number;
  /** Steps and waits may fail or time out. */
  failures: boolean;
  /** `race` and `any`, and waits with timeouts: the result then depends on the schedule. */
  races: boolean;
}

/** Of attempts that are too slow; their slowest half is still twice as slow. */
export const TIMEOUT_MS = 150;

/** Some expire while they are held. */
const HOLDS = [300, 2_000, 8_000];

/** A random program. */
export function makeProgram(random: Random, taste: Taste): Op[] {
  const makers = createMakers(random, taste);
  return makers.sequence(taste.depth, { root: true, parallel: false });
}

interface Place {
  /** The sequence of a run itself, not of a branch. */
  root: boolean;
  /** Beside other branches: signals need names of their own. */
  parallel: boolean;
}

function createMakers(random: Random, taste: Taste) {
  let ids = 0;
  let locks = 0;
  let flows = 0;
  const newId = (letter: string): string => `${letter}${++ids}`;
  const mayFail = (probability: number): boolean => taste.failures && random.chance(probability);

  function sequence(depth: number, place: Place, inChild = false): Op[] {
    const ops = Array.from({ length: random.between(1, taste.length) }, () =>
      operation(depth, place, inChild),
    );
    const settles = !ops.some((op) => op.op === 'race' || op.op === 'any' || op.op === 'compensate');
    if (place.root && depth > 0 && settles && random.chance(0.15)) {
      ops.push({ op: 'again', body: sequence(depth - 1, place, inChild) });
    }
    insertFlow(random.fork(`flow of sequence ${++flows}`), ops, { taste, id: `f${flows}` });
    if (!place.parallel) lockOne(random.fork(`lock of sequence ${++locks}`), ops, taste);
    return ops;
  }

  function operation(depth: number, place: Place, inChild: boolean): Op {
    const nested = depth > 0 && random.chance(0.35);
    if (nested) return random.chance(0.5) ? child(depth) : branches(depth, inChild);
    const draw = random.next();
    if (draw < 0.42) return step();
    if (draw < 0.54) return { op: 'sleep', ms: random.pick([0, 5, 50, 90, 110, 400, 2_000, 15_000]) };
    if (draw < 0.68) return inChild ? step() : waitForSignal(place);
    if (draw < 0.74) return { op: 'publish', key: 'progress', value: ++ids };
    if (draw < 0.79) return { op: 'record', what: random.pick(['now', 'random', 'uuid'] as const) };
    if (draw < 0.82) return { op: 'patch', id: newId('p') };
    if (draw < 0.9) return { op: 'transaction', id: newId('t') };
    if (draw < 0.94) return { op: 'compensate', id: newId('u') };
    return inChild ? step() : external();
  }

  function step(): StepOp {
    return makeStep(random, newId('s'), taste.failures);
  }

  function waitForSignal({ parallel }: Place): Op {
    const name = parallel ? newId('g') : 'next';
    if (taste.races && random.chance(0.3))
      return { op: 'signal', name: newId('g'), timeoutMs: random.pick([60, 3_000]) };
    return { op: 'signal', name };
  }

  function external(): Op {
    const op = { op: 'external', id: newId('e'), ok: !mayFail(0.3) } as const;
    return taste.races && random.chance(0.3) ? { ...op, timeoutMs: random.pick([80, 4_000]) } : op;
  }

  function child(depth: number): Op {
    return {
      op: 'child',
      id: newId('c'),
      body: sequence(depth - 1, { root: true, parallel: false }, true),
      detached: random.chance(0.2),
      keyed: random.chance(0.3),
      caught: random.chance(0.9),
    };
  }

  function branches(depth: number, inChild: boolean): Op {
    const op = taste.races ? random.pick(['all', 'all', 'race', 'any'] as const) : 'all';
    const make = (): Op[] => sequence(depth - 1, { root: false, parallel: true }, inChild);
    return { op, branches: Array.from({ length: random.between(2, 4) }, make) };
  }

  return { sequence };
}

/** Puts one of them into a lock. Its draws are its own, so that the rest of the program is what it is without. */
function lockOne(draws: Random, ops: Op[], { races }: Taste): void {
  if (!draws.chance(0.2)) return;
  const at = draws.between(0, ops.length - 1);
  const op = ops[at];
  if (op === undefined || op.op === 'compensate' || op.op === 'again') return;
  const lock: Op = { op: 'lock', name: draws.pick(['l1', 'l2']), body: [op], holdMs: draws.pick(HOLDS) };
  ops[at] = races && draws.chance(0.3) ? { ...lock, waitMs: draws.pick([60, 3_000]) } : lock;
}

/** Puts a graph before one of them, with draws of its own likewise. */
function insertFlow(draws: Random, ops: Op[], { taste, id }: { taste: Taste; id: string }): void {
  if (!draws.chance(0.15)) return;
  const size = draws.between(1, 6);
  const nodes = Array.from({ length: size }, (_, at) => {
    const needs = Array.from({ length: at }, (__, need) => need).filter(() => draws.chance(0.4));
    const step = draws.chance(0.8) ? makeStep(draws, `${id}n${at}`, taste.failures) : undefined;
    return { step, needs };
  });
  ops.splice(draws.between(0, ops.length - 1), 0, {
    op: 'flow',
    id,
    nodes,
    concurrency: draws.between(1, 3),
  });
}

function makeStep(random: Random, id: string, failures: boolean): StepOp {
  const mayFail = (probability: number): boolean => failures && random.chance(probability);
  const attempts = random.between(1, 4);
  const tooSlow = failures && random.fork(`too slow ${id}`).chance(0.1);
  const slowMs = (drawn: number): number => (tooSlow ? TIMEOUT_MS * 4 : drawn);
  return {
    op: 'step',
    id,
    fails: mayFail(0.4) ? random.between(1, attempts) : 0,
    terminal: mayFail(0.05),
    attempts,
    pauseMs: random.pick([0, 20, 80, 150, 1_000]),
    slowMs: slowMs(random.pick([-1, 0, 0, 3, 30, 300, 4_000])),
    tooSlow,
    checkpoint: random.chance(0.15),
    call: random.chance(0.2),
    picky: random.fork(`picky ${id}`).chance(0.4),
    caught: random.chance(0.9),
  };
}
