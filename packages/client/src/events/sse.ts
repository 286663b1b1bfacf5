/** One event of a stream, as it came. */
export interface ServerSentEvent {
  /** Empty: none has been given so far. */
  readonly id: string;
  /** `message` where the stream does not say. */
  readonly event: string;
  readonly data: string;
}

/** What the stream says beside its events. */
export interface SseParser {
  /** Takes what has arrived, cut anywhere, and gives the events that are whole by now. */
  push(text: string): ServerSentEvent[];
  /** The pause before the next connection that the server asks for. */
  readonly retryMs: number | undefined;
}

/** @source HTML Living Standard §9.2.6, interpreting an event stream. */
export function createSseParser(): SseParser {
  let rest = '';
  let isFirst = true;
  let id = '';
  let event = '';
  let data: string[] = [];
  let retryMs: number | undefined;

  const field = (name: string, value: string): void => {
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  };
  const line = (text: string): ServerSentEvent | undefined => {
    if (text !== '') {
      const colon = text.indexOf(':');
      if (colon < 0) field(text, '');
      else if (colon > 0) field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ''));
      return undefined; // a line that begins with a colon is a heartbeat
    }
    const found = data.length === 0 ? undefined : { id, event: event || 'message', data: data.join('\n') };
    event = '';
    data = [];
    return found;
  };

  return {
    push(text) {
      rest += isFirst ? text.replace(/^\uFEFF/, '') : text;
      if (text !== '') isFirst = false;
      // A carriage return at the very end may be the first half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      return lines.flatMap((whole) => line(whole) ?? []);
    },
    get retryMs() {
      return retryMs;
    },
  };
}
