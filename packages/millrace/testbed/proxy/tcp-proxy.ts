import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { frontendFrames, countRows, isReady, outcomeOf, type Outcome } from './postgres-frames.ts';

/*
 * A line between PostgreSQL clients and their server that can be bad in several ways.
 * Owns: its port and the connections through it.
 * I1  Bytes pass in order and whole until the connection is cut; a cut one passes nothing more.
 * I2  A planned cut happens at most once: at the first statement that it fits, or where it goes by the answer at the
 *     first such answer, whichever of the connections that comes on.
 */

/** `pass`, or bytes go nowhere and connections stay open, or every byte comes `latencyMs` later. */
export type Condition = 'pass' | 'blackhole' | { latencyMs: number };

export interface CutPlan {
  /** The text of the statement (of its Parse or Query message). */
  statement: RegExp;
  /**
   * Instead of sending it on; or once the server has done it, instead of passing its answer. `late` cuts the client off
   * and sends the statement on when the client has asked again and has its answer.
   */
  when: 'before-commit' | 'after-commit' | 'late';
  /** After: only an answer of so many rows will do; others pass. */
  rowsMin?: number;
}

export interface TcpProxy {
  readonly port: number;
  /** `url` with this line's address in it. */
  through(url: string): string;
  setCondition(condition: Condition): void;
  /** Cuts every connection now; new ones are welcome. Returns how many it were. */
  cutAll(): number;
  /** Cuts the connection on which the next such statement comes. Resolves with what became of the statement. */
  cutAt(plan: CutPlan): Promise<Outcome>;
  close(): Promise<void>;
}

interface Planned extends CutPlan {
  done(outcome: Outcome): void;
}

/** A statement that is held back until it has been repeated. */
interface Late {
  statement: RegExp;
  send(): void;
}

/** What the pairs of sockets share. */
interface Line {
  condition: Condition;
  planned: Planned[];
  late?: Late | undefined;
}

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const line: Line = { condition: 'pass', planned: [] };
  const pairs = new Set<() => void>();
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const cut = (): void => {
      pairs.delete(cut);
      // A reset, as when a machine on the way goes away: nothing that waits is still delivered.
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    pairs.add(cut);
    joinSockets(line, { client, upstream, cut });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server's address is never text.

  return {
    port,
    through(url) {
      const address = new URL(url);
      address.host = `127.0.0.1:${port}`;
      return address.href;
    },
    setCondition(condition) {
      line.condition = condition;
    },
    cutAll() {
      const count = pairs.size;
      for (const cut of [...pairs]) cut();
      return count;
    },
    cutAt: (plan) => new Promise((done) => void line.planned.push({ ...plan, done })),
    async close() {
      server.close();
      for (const cut of [...pairs]) cut();
      await once(server, 'close');
    },
  };
}

interface Pair {
  client: Socket;
  upstream: Socket;
  cut(): void;
}

function joinSockets(line: Line, { client, upstream, cut }: Pair): void {
  /** The plan whose statement the server is working on, and what it has answered. */
  let awaited: Planned | undefined;
  let answer = Buffer.alloc(0);
  let repeated: Late | undefined;
  const statements = frontendFrames();

  client.on('data', (chunk: Buffer) => {
    for (const text of statements(chunk)) {
      if (line.late?.statement.test(text) === true) {
        repeated = line.late;
        line.late = undefined;
      }
      const plan = line.planned.find(({ statement }) => statement.test(text));
      if (plan === undefined) continue;
      if (plan.when === 'after-commit') {
        // It stays planned: another connection may have such an answer sooner.
        awaited = plan;
        continue;
      }
      dropPlan(line, plan);
      if (plan.when === 'before-commit') {
        cut();
        return plan.done('aborted');
      }
      client.off('close', cut).resetAndDestroy();
      line.late = { statement: plan.statement, send: () => void upstream.write(chunk) };
      awaited = plan;
      return;
    }
    pass(line, chunk, upstream);
  });
  upstream.on('data', (chunk: Buffer) => {
    if (awaited === undefined) {
      pass(line, chunk, client);
      repeated?.send();
      repeated = undefined;
      return;
    }
    answer = Buffer.concat([answer, chunk]);
    if (!isReady(answer)) return;
    const [plan, whole] = [awaited, answer];
    awaited = undefined;
    answer = Buffer.alloc(0);
    const isOther = plan.when === 'after-commit' && !(fits(plan, whole) && dropPlan(line, plan));
    if (isOther) return pass(line, whole, client);
    cut();
    plan.done(outcomeOf(whole));
  });
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true);
    // What went wrong with one side shows as its end.
    socket.on('error', () => undefined);
    socket.once('close', cut);
  }
}

function fits({ rowsMin = 0 }: CutPlan, answer: Buffer): boolean {
  return countRows(answer) >= rowsMin;
}

/** Whether it was still planned. */
function dropPlan(line: Line, plan: Planned): boolean {
  const at = line.planned.indexOf(plan);
  if (at >= 0) line.planned.splice(at, 1);
  return at >= 0;
}

function pass({ condition }: Line, chunk: Buffer, to: Socket): void {
  if (condition === 'blackhole') return;
  if (condition === 'pass') to.write(chunk);
  else setTimeout(() => to.writable && to.write(chunk), condition.latencyMs);
}
