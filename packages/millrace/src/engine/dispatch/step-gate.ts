/** Lets at most `limit` attempts run at once; the others wait in order. */
export interface StepGate {
  run(start: () => void): void;
  freed(): void;
  running(): number;
}

export function createStepGate(limit: number): StepGate {
  let waiting: (() => void)[] = [];
  let next = 0;
  let running = 0;
  let admitting = false;
  // A loop, not recursion: a synchronous step frees its slot while it is being started.
  const admit = (): void => {
    if (admitting) return;
    admitting = true;
    while (running < limit && next < waiting.length) {
      const start = waiting[next++] as () => void;
      running++;
      start();
    }
    if (next === waiting.length) {
      waiting = [];
      next = 0;
    }
    admitting = false;
  };
  return {
    run(start) {
      waiting.push(start);
      admit();
    },
    freed() {
      running--;
      if (waiting.length > 0) admit();
    },
    running: () => running,
  };
}
