import { createServer } from 'node:http';
import { fork } from 'node:child_process';
import { once } from 'node:events';

/*
 * What HTTP alone costs on this machine: a server of Node's own that reads each body as JSON and answers what it always
 * answers, in a process of its own. No server of Node that does anything is faster.
 */
const ANSWER = JSON.stringify({ runId: '0199b0a0-0000-7000-8000-000000000001', status: 'queued' });

export async function startBare() {
  const child = fork(import.meta.filename, ['serve'], { stdio: 'inherit' });
  const [port] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

function serve() {
  const server = createServer((incoming, outgoing) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.byteLength > 0) JSON.parse(body);
      const status = incoming.method === 'POST' ? 201 : 200;
      outgoing.writeHead(status, {
        'content-type': 'application/json',
        'content-length': String(ANSWER.length),
      });
      outgoing.end(ANSWER);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

if (process.argv[2] === 'serve' && process.send !== undefined) serve();
