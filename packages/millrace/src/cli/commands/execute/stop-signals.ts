import { EXIT } from '../../exit.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Watches for the wish to stop. */
export interface StopWatch extends Disposable {
  /** Resolves with the first signal. */
  readonly asked: Promise<StopSignal>;
  readonly received: () => StopSignal | undefined;
}

/** The first signal asks to stop in good order, the second ends the process at once. */
export function watchStopSignals(): StopWatch {
  let received: StopSignal | undefined;
  let resolveAsked: (signal: StopSignal) => void;
  const asked = new Promise<StopSignal>((resolve) => {
    resolveAsked = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    const known = signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM';
    if (received !== undefined) process.exit(EXIT[known]);
    received = known;
    resolveAsked(known);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    asked,
    received: () => received,
    [Symbol.dispose]: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
