import type { HistoryItem } from '../../core/reading/history-items.ts';
import { plainJson } from '../../core/json/plain-json.ts';
import { safeText, shorten } from './safe-text.ts';

const VALUE_CHARS = 100;

/** What else an event says, in a few words: its value, or where it failed the reason. */
export function detailOf({ type, data = {}, attempt }: HistoryItem): string {
  const parts: string[] = [];
  if (attempt !== undefined && attempt > 1) parts.push(`attempt ${attempt}`);
  if (type === 'started') parts.push(`${String(data['workflow'])} version ${String(data['version'])}`);
  if (typeof data['status'] === 'string') parts.push(data['status']);
  const error = data['error'];
  if (isError(error)) parts.push(`${error.code}: ${error.message}`);
  for (const field of ['retryAt', 'fireAt', 'startAt', 'runId', 'code', 'reason']) {
    const value = data[field];
    if (typeof value === 'string')
      parts.push(WORDS[field] === undefined ? value : `${WORDS[field]} ${value}`);
  }
  for (const field of ['input', 'output', 'payload', 'value', 'mismatch']) {
    if (field in data) parts.push(plainJson(data[field]));
  }
  return shorten(safeText(parts.join(' · ')), VALUE_CHARS);
}

const WORDS: Readonly<Record<string, string>> = {
  retryAt: 'again at',
  fireAt: 'until',
  startAt: 'not before',
};

function isError(value: unknown): value is { code: string; message: string } {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
