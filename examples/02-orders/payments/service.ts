/*
 * A payment service as shops know them: another process, another owner, another disk. It is slow at times and
 * fails at times, on purpose. Usage: node service.ts --ledger FILE [--port N] [--seed TEXT|none]; it says its
 * port on stdout and ends when its stdin does, that is when whoever started it is gone, however that
 * happened.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openBook, type Answer, type Asked } from './book.ts';
import { openLedger, type Operation } from './ledger.ts';

/** Longer than any patient client waits. */
const HANG_MS = 5000;
const PREDECESSOR_MS = 10_000;
const OPERATIONS: Record<string, Operation> = {
  '/charges': 'charge',
  '/refunds': 'refund',
  '/credits': 'credit',
};

const { values: options } = parseArgs({
  options: {
    ledger: { type: 'string' },
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: 'day' },
  },
});
if (options.ledger === undefined) throw new Error('--ledger FILE is missing');

process.stdin.resume().once('end', () => process.exit(0));
process.stdout.once('error', () => process.exit(0));
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the shop says when it has finished.
await becomeOnlyWriter(`${options.ledger}.pid`);
const book = openBook(openLedger(options.ledger));

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) =>
    send(response, 400, { code: 'BAD_REQUEST', message: String(error) }),
  );
});
server.listen(Number(options.port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // A TCP server's address is never text.
  process.stdout.write(`${port}\n`);
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const operation = OPERATIONS[request.url ?? ''];
  if (request.method !== 'POST' || operation === undefined) {
    return send(response, 404, { code: 'NOT_FOUND', message: `${request.method} ${request.url}` });
  }
  const asked = readAsked(operation, request.headers['idempotency-key'], await text(request));
  const fault = book.nextFault(asked, options.seed);
  if (fault === 'error') return send(response, 500, { code: 'TRY_AGAIN', message: 'Something went wrong' });
  let answer: Answer = book.answer(asked);
  if (fault === 'twice') answer = book.answer(asked);
  if (fault === 'hang') await pause(HANG_MS);
  send(response, answer.status, answer.body);
}

function readAsked(operation: Operation, key: string | string[] | undefined, body: string): Asked {
  const { reference, order, customer, pence = 0 } = JSON.parse(body) as Partial<Asked>;
  if (typeof key !== 'string' || key === '') throw new Error('the header Idempotency-Key is missing');
  if (typeof reference !== 'string' || typeof order !== 'string' || typeof customer !== 'string') {
    throw new Error('reference, order and customer are texts');
  }
  if (!Number.isSafeInteger(pence) || pence < 0)
    throw new Error(`pence is ${pence}, not a whole number from 0`);
  return { operation, key, reference, order, customer, pence };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Two services on one ledger would each miss the other's keys: a predecessor must have ended first. */
async function becomeOnlyWriter(pidFile: string): Promise<void> {
  for (const startedAt = Date.now(); ;) {
    try {
      writeFileSync(pidFile, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
      if (!isAlive(pid)) rmSync(pidFile, { force: true });
      else if (Date.now() - startedAt > PREDECESSOR_MS)
        throw new Error(
          `Process ${pid} still writes this ledger; if that is no payment service, remove ${pidFile}`,
        );
      else await pause(20);
    }
  }
  process.once('exit', () => rmSync(pidFile, { force: true }));
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
