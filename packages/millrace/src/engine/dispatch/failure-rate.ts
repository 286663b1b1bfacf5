/** Share of attempts that failed, over a minute that slides on in steps. */
export interface FailureRate {
  note(failed: boolean): void;
  /** 0 to 1; 0 where nothing was tried. */
  share(): number;
}

const STEP_MS = 10_000;
const STEPS = 6;

export function createFailureRate(mono: () => number): FailureRate {
  let counts: { step: number; tried: number; failed: number }[] = [];
  const current = (): number => Math.floor(mono() / STEP_MS);
  const forget = (): void => {
    const oldest = current() - STEPS;
    if ((counts[0]?.step ?? oldest + 1) <= oldest) counts = counts.filter(({ step }) => step > oldest);
  };
  return {
    note(failed) {
      const step = current();
      let count = counts.at(-1);
      if (count?.step !== step) {
        forget();
        count = { step, tried: 0, failed: 0 };
        counts.push(count);
      }
      count.tried++;
      if (failed) count.failed++;
    },
    share() {
      forget();
      let [tried, failed] = [0, 0];
      for (const count of counts) {
        tried += count.tried;
        failed += count.failed;
      }
      return tried === 0 ? 0 : failed / tried;
    },
  };
}
