import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface PaymentService {
  readonly url: string;
  readonly pid: () => number | undefined;
  close(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./service.ts', import.meta.url));

/**
 * Starts the payment service as a process of its own on a free port, and again on the same port when it dies.
 */
export async function startPaymentService(ledger: string, seed: string): Promise<PaymentService> {
  let closing = false;
  let child = run(ledger, seed, '0');
  const port = await portOf(child);
  watch();

  function watch(): void {
    child.once('exit', () => {
      if (closing) return;
      child = run(ledger, seed, port);
      watch();
    });
  }

  return {
    url: `http://127.0.0.1:${port}`,
    pid: () => child.pid,
    async close() {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.stdin?.end();
      await exit;
    },
  };
}

function run(ledger: string, seed: string, port: string): ChildProcess {
  const args = [PROGRAM, '--ledger', ledger, '--seed', seed, '--port', port];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function portOf(child: ChildProcess): Promise<string> {
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error('The payment service did not start')),
  );
  const said = once(child.stdout as NonNullable<typeof child.stdout>, 'data'); // Spawned with a pipe.
  const [line] = (await Promise.race([said, ended])) as [Buffer];
  ended.catch(() => undefined);
  return line.toString().trim();
}
