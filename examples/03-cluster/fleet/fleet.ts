import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The engines of this example, each in a process of its own. */
export interface Fleet {
  /** Resolves when it works. */
  start(name: string): Promise<void>;
  /** Ends a process as a power cut would: nothing of it gets to know. */
  kill(name: string): void;
  /** Lets all others leave in good order. */
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly store: string;
  /** Where steps leave their lines. */
  readonly log: string;
}

const ENGINE = fileURLToPath(new URL('./engine.ts', import.meta.url));

export function createFleet({ store, log }: FleetOptions): Fleet {
  const processes = new Map<string, ChildProcess>();
  return {
    async start(name) {
      const env = { ...process.env, DATABASE_URL: store, NODE_ID: name, DEPOT_LOG: log };
      const engine = fork(ENGINE, { env });
      processes.set(name, engine);
      const failed = once(engine, 'exit').then(([code]) => {
        throw new Error(`engine ${name} ended with ${String(code)} before it worked`);
      });
      failed.catch(() => {});
      await Promise.race([once(engine, 'message'), failed]);
    },
    kill(name) {
      processes.get(name)?.kill('SIGKILL');
      processes.delete(name);
    },
    async stop() {
      const leaving = [...processes.values()].filter(
        ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
      );
      processes.clear();
      await Promise.all(
        leaving.map(async (engine) => {
          const gone = once(engine, 'exit');
          engine.kill('SIGTERM');
          await gone;
        }),
      );
    },
  };
}
