import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { call, rejection } from '../../testbed/executors/http-server.ts';
import { fakeStep } from '../../testbed/pool/fake-processes.ts';
import { CancelledError } from '../core/errors.ts';
import { failureOf } from '../core/failure.ts';
import { DEFAULT_RETRY, isRetryable } from '../core/policy/retry.ts';

interface MailServer {
  readonly url: string;
  /** What the other side said, line by line. */
  readonly said: string[];
}

const close: (() => void)[] = [];
afterEach(() => {
  for (const one of close.splice(0)) one();
});

/** A mail server that takes everything but what `refusals` answers itself. */
async function mailServer(
  refusals: Readonly<Record<string, string>> = {},
  greets = true,
): Promise<MailServer> {
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const answer = (text: string): void => void socket.write(`${text}\r\n`);
    let isBody = false;
    let rest = '';
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        said.push(line);
        const refusal = Object.keys(refusals).find((start) => line.startsWith(start));
        if (isBody) {
          if (line !== '.') continue;
          isBody = false;
          answer('250 taken');
        } else if (refusal !== undefined) answer(refusals[refusal] ?? '');
        else if (line.startsWith('EHLO')) answer('250 mail.test');
        else if (line === 'DATA') {
          isBody = true;
          answer('354 go on');
        } else answer('250 ok');
      }
    });
    if (greets) answer('220 mail.test');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  close.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, said };
}

const MAIL = { to: 'Ada <ada@a.test>', from: 'Shop <shop@b.test>', subject: 'Größe', text: 'Hello' };

describe('a mail', () => {
  it('reaches everybody whom it names, and all attempts have one Message-ID', async () => {
    const { url, said } = await mailServer();
    const smtp = { url, from: 'Shop <shop@b.test>' };
    const { from: _, ...mail } = MAIL;
    const input = { ...mail, cc: ['b@a.test'], bcc: ['c@a.test'], replyTo: 'd@a.test', html: '<p>Hello</p>' };
    const first = await call('email.send', input, { smtp });
    const messageId = /^<[0-9a-f]{32}@b\.test>$/;
    expect(first).toEqual({
      messageId: expect.stringMatching(messageId) as unknown,
      accepted: ['ada@a.test', 'b@a.test', 'c@a.test'],
      rejected: [],
    });
    expect(said).toContain('MAIL FROM:<shop@b.test>');
    expect(said).toContain('RCPT TO:<c@a.test>');
    expect(said).toContain('To: Ada <ada@a.test>');
    expect(said).toContain('Reply-To: d@a.test');
    expect(said.join('\n')).not.toMatch(/^Bcc:/m);
    expect(await call('email.send', input, { smtp }, fakeStep({ attempt: 2 }))).toEqual(first);
    const other = await call('email.send', input, { smtp }, fakeStep({ idempotencyKey: 'run:2' }));
    expect(other).not.toEqual(first);
  });

  it('gives who was refused', async () => {
    const { url } = await mailServer({ 'RCPT TO:<b@': '550 no such user' });
    const output = await call('email.send', { ...MAIL, to: ['ada@a.test', 'b@a.test'] }, { smtp: { url } });
    expect(output).toMatchObject({ accepted: ['ada@a.test'], rejected: ['b@a.test'] });
  });

  it.each([
    ['RCPT TO', '550 no such user', 'SMTP_550', false],
    ['MAIL FROM', '451 try later', 'SMTP_451', true],
  ])('that is refused at %s with %s fails with its code', async (at, answer, code, helps) => {
    const { url } = await mailServer({ [at]: answer });
    const failure = failureOf(await rejection(call('email.send', MAIL, { smtp: { url } })));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(answer);
    expect(isRetryable({ ...DEFAULT_RETRY, nonRetryable: ['SMTP_5XX'] }, failure)).toBe(helps);
  });

  it('fails when nobody is there', async () => {
    const { url } = await mailServer();
    for (const one of close.splice(0)) one();
    const failure = failureOf(await rejection(call('email.send', MAIL, { smtp: { url } })));
    expect(failure.code).toBe('ESOCKET');
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(true);
  });

  it('ends with its attempt', async () => {
    const { url } = await mailServer({}, false);
    const step = fakeStep();
    const sending = call('email.send', MAIL, { smtp: { url } }, step);
    setImmediate(() => step.abort(new CancelledError('enough')));
    await expect(sending).rejects.toThrow('enough');
  });

  it('needs a mail server, and no retry brings one', async () => {
    const failure = failureOf(await rejection(call('email.send', MAIL)));
    expect(failure.code).toBe('EXECUTOR_DISABLED');
    expect(failure.message).toContain('SMTP_URL');
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(false);
  });

  it.each([
    [{ ...MAIL, subject: 'a\r\nBcc: eve@e.test' }, 'must be text on one line'],
    [{ ...MAIL, to: 'a@a.test\nBcc: eve@e.test' }, 'must be text on one line'],
    [{ ...MAIL, to: ['a@a.test', 7] }, '[1] must be text on one line'],
    [{ ...MAIL, text: { path: '/etc/passwd' } }, 'text is {"path":"/etc/passwd"}: must be text'],
    [{ ...MAIL, attachments: [] }, 'attachments is not known'],
    [{ ...MAIL, to: undefined }, 'nobody is to get it'],
    [{ ...MAIL, to: [] }, 'nobody is to get it'],
    [{ ...MAIL, from: undefined }, 'SMTP_FROM'],
    [{ ...MAIL, text: undefined }, 'it says nothing'],
  ])('%o is refused before anything is sent', async (input, message) => {
    const { url, said } = await mailServer();
    const failure = failureOf(await rejection(call('email.send', input, { smtp: { url } })));
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' });
    expect(failure.message).toContain(message);
    expect(said).toEqual([]);
  });

  it('sent by an address that is none still has a Message-ID', async () => {
    const { url } = await mailServer();
    const output = await call('email.send', { ...MAIL, from: 'shop' }, { smtp: { url } });
    expect(output).toHaveProperty('messageId', expect.stringMatching(/@millrace\.invalid>$/));
  });
});
