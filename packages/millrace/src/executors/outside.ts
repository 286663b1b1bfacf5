import type { StepContext } from '../core/workflow/context.ts';

/** What the built-in executors may do, and what they use of the world. */
export interface ExecutorSettings {
  /** Whether `shell.run` may start processes. */
  readonly allowShell: boolean;
  /** `host:port`, as URLs name them: reached whatever address they have. */
  readonly httpAllowHosts: readonly string[];
  /** Undefined: `email.send` is refused. */
  readonly smtp: SmtpSettings | undefined;
  /** Calls back once after at least `ms`; returns the undo. */
  readonly after: After;
  /** Default: the resolver of this system. */
  readonly resolve?: Resolve | undefined;
}

export interface SmtpSettings {
  /** `smtp://USER:PASSWORD@HOST:PORT`, or `smtps://…`. */
  readonly url: string;
  /** The sender of mails that name none. */
  readonly from?: string | undefined;
}

export type After = (ms: number, callback: () => void) => () => void;

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly Address[]>;

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

const BEAT_MS = 1000;

/** Says every second that the attempt lives, until `using` lets go of it: for work that has no news of its own. */
export function beating(step: StepContext, after: After): Disposable {
  let undo: () => void;
  const beat = (): void => {
    undo = after(BEAT_MS, () => {
      step.heartbeat();
      beat();
    });
  };
  beat();
  return { [Symbol.dispose]: () => undo() };
}
