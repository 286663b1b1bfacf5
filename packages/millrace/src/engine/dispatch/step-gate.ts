/** What wants to run. */
export interface Admitted {
  run(): void;
}

/** Lets at most `limit` attempts run at once; the others wait in order. */
export interface StepGate {
  run(attempt: Admitted): void;
  freed(): void;
  running(): number;
}

export function createStepGate(limit: number): StepGate {
  let waiting: Admitted[] = [];
  let next = 0;
  let running = 0;
  let admitting = false;
  // A loop, not recursion: a synchronous step frees its slot while it is being started.
  const admit = (): void => {
    if (admitting) return;
    admitting = true;
    while (running < limit && next < waiting.length) {
      const attempt = waiting[next++] as Admitted;
      running++;
      attempt.run();
    }
    if (next === waiting.length) {
      waiting = [];
      next = 0;
    }
    admitting = false;
  };
  return {
    run(attempt) {
      // Mostly there is room and nobody waits.
      if (!admitting && running < limit && waiting.length === 0) {
        admitting = true;
        running++;
        attempt.run();
        admitting = false;
      } else waiting.push(attempt);
      if (waiting.length > 0) admit();
    },
    freed() {
      running--;
      if (waiting.length > 0) admit();
    },
    running: () => running,
  };
}
