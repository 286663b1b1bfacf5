import { connect } from 'node:net';
import { once } from 'node:events';

/*
 * A client of HTTP/1.1 that costs little beside what it measures: one keep-alive connection, one request at a time, answers
 * with a length or in chunks. Texts are Latin-1 on the wire; what it sends is ASCII.
 */

/** Opens a connection. */
export async function openWire(url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  let received = '';
  let waiting;
  const fail = (error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server closed the connection')));
  socket.on('data', (chunk) => {
    received += chunk;
    const answer = takeAnswer(received);
    if (answer === undefined) return;
    received = received.slice(answer.bytes);
    const { resolve } = waiting;
    waiting = undefined;
    resolve(answer);
  });
  return {
    /** Sends a request as text; resolves to `{ status, body }`. */
    ask: (text) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(text, 'latin1');
      }),
    close: () => socket.destroy(),
  };
}

/** The text of a request. */
export function requestText(method, path, { body, key } = {}) {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: bench'];
  if (key !== undefined) lines.push(`authorization: Bearer ${key}`);
  if (body === undefined) return `${lines.join('\r\n')}\r\n\r\n`;
  lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function takeAnswer(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const from = end + 4;
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const bytes = from + Number(length);
    return text.length < bytes ? undefined : { status, bytes, body: text.slice(from, bytes) };
  }
  if (!head.includes('\r\ntransfer-encoding: chunked')) return { status, bytes: from, body: '' };
  return takeChunks(text, from, status);
}

function takeChunks(text, from, status) {
  let body = '';
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const next = line + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return { status, bytes: next, body };
    body += text.slice(line + 2, line + 2 + size);
    at = next;
  }
}
