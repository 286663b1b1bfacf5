import { createHash } from 'node:crypto';
import { MillraceError } from '../core/errors.ts';
import type { Executor, StepContext } from '../core/workflow/context.ts';
import { line, listOf, optional, readInput, text, type Reader } from './input.ts';
import type { SmtpSettings } from './outside.ts';

interface EmailInput {
  to: readonly string[] | undefined;
  cc: readonly string[] | undefined;
  bcc: readonly string[] | undefined;
  from: string | undefined;
  replyTo: readonly string[] | undefined;
  subject: string | undefined;
  text: string | undefined;
  html: string | undefined;
}

/** A mail server is slow to greet when it distrusts; longer than this is not slow but away. */
const CONNECT_MS = 30_000;
const SILENCE_MS = 60_000;

export interface Sent {
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
}

/** Sends a mail by SMTP. All attempts of a step send the same Message-ID, by which mailboxes know repeats. */
export function emailSend(smtp: SmtpSettings | undefined): Executor<unknown, Promise<Sent>> {
  let transport: ReturnType<typeof openTransport> | undefined;
  return async (input, step) => {
    if (smtp === undefined) {
      throw new MillraceError('EXECUTOR_DISABLED', 'email.send knows no mail server on this engine', {
        remedy: 'Set SMTP_URL (and SMTP_FROM) in its environment, or smtp of Millrace.open.',
      });
    }
    const mail = readInput<EmailInput>('email.send', input, {
      to: optional(addresses),
      cc: optional(addresses),
      bcc: optional(addresses),
      from: optional(line),
      replyTo: optional(addresses),
      subject: optional(line),
      text: optional(text),
      html: optional(text),
    });
    const from = mail.from ?? smtp.from;
    const missing = missingIn(mail, from);
    if (missing !== undefined || from === undefined) {
      throw new MillraceError('INVALID_INPUT', `input of email.send is refused: ${missing}`);
    }
    transport ??= openTransport(smtp.url);
    return deliver(await transport, { ...mail, from }, step);
  };
}

async function openTransport(url: string) {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    url,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // What the input says is content, never the name of something to read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

async function deliver(
  transport: Awaited<ReturnType<typeof openTransport>>,
  { to, cc, bcc, replyTo, ...mail }: EmailInput & { from: string },
  step: StepContext,
): Promise<Sent> {
  try {
    const { signal } = step;
    const lists = { to: listed(to), cc: listed(cc), bcc: listed(bcc), replyTo: listed(replyTo) };
    const messageId = messageIdOf(step, mail.from);
    const { accepted, rejected } = await transport.sendMail({ ...mail, ...lists, messageId, signal });
    return { messageId, accepted, rejected };
  } catch (error) {
    step.signal.throwIfAborted();
    throw smtpFailure(error);
  }
}

function missingIn(
  { to, cc, bcc, text: plain, html }: EmailInput,
  from: string | undefined,
): string | undefined {
  if ([to, cc, bcc].every((list) => list === undefined || list.length === 0))
    return 'nobody is to get it; set to';
  if (from === undefined) return 'it has no sender; set from, or SMTP_FROM for the engine';
  return plain === undefined && html === undefined ? 'it says nothing; set text or html' : undefined;
}

/** One address or a list; `Name <user@host>` is one. */
const addresses: Reader<readonly string[]> = (value) =>
  Array.isArray(value) ? listOf(line)(value) : [line(value)];

function listed(list: readonly string[] | undefined): string[] | undefined {
  return list && [...list];
}

/** The same for all attempts, and told from those of other steps. */
function messageIdOf({ idempotencyKey }: StepContext, from: string): string {
  const id = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'millrace.invalid';
  return `<${id}@${domain}>`;
}

/** What the server answered is the code: `SMTP_550`, of class `SMTP_5XX`; without an answer it is what went wrong. */
function smtpFailure(cause: unknown): unknown {
  const { message, code, responseCode } = cause as Error & { code?: string; responseCode?: number };
  return Object.assign(new Error(`the mail was not sent: ${message}`, { cause }), {
    code: responseCode === undefined ? (code ?? 'SMTP') : `SMTP_${responseCode}`,
  });
}
