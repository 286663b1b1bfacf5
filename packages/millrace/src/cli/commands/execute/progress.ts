import type { HistoryItem } from '../../../core/reading/history-items.ts';
import { detailOf } from '../../output/history-line.ts';
import { safeText } from '../../output/safe-text.ts';
import type { Format, Terminal } from '../../terminal.ts';

type Look = readonly [mark: string, colour: Format, words: string];

/** What of a history is worth a line while it happens; the end of the run is told by the command itself. */
const LOOKS: Partial<Record<HistoryItem['type'], Look>> = {
  'step-completed': ['✓', 'green', 'step'],
  'step-failed': ['✗', 'red', 'step failed for good:'],
  'step-retrying': ['↻', 'yellow', 'step failed:'],
  'step-placed': ['→', 'blue', 'step placed elsewhere:'],
  'step-checkpoint': ['·', 'dim', 'checkpoint of step'],
  'timer-set': ['◷', 'cyan', 'timer'],
  'timer-fired': ['◷', 'cyan', 'timer is over:'],
  'child-started': ['→', 'blue', 'child'],
  'child-closed': ['←', 'blue', 'child ended:'],
  'external-completed': ['←', 'blue', 'completed from outside:'],
  'lock-requested': ['→', 'blue', 'lock asked for:'],
  'lock-granted': ['←', 'blue', 'lock'],
  'lock-released': ['→', 'blue', 'lock released:'],
  'signal-received': ['←', 'blue', 'signal'],
  'update-received': ['←', 'blue', 'update'],
  'update-replied': ['→', 'blue', 'reply to update'],
  published: ['•', 'dim', 'published'],
  'cancel-requested': ['■', 'yellow', 'asked to end'],
  'deadline-passed': ['■', 'yellow', 'the deadline passed'],
  retried: ['↻', 'yellow', 'retried'],
};

/**
 * An event as a line of progress: `✓ step charge · {"amount":17}`; undefined for one that is not worth a
 * line.
 */
export function progressLine({ tellStyle: style }: Terminal, item: HistoryItem): string | undefined {
  const look = LOOKS[item.type];
  if (look === undefined) return undefined;
  const [mark, colour, words] = look;
  const name = item.name === undefined ? '' : ` ${safeText(item.name)}`;
  const detail = detailOf(item);
  return `${style(colour, mark)} ${words}${name}${detail === '' ? '' : style('dim', ` · ${detail}`)}`;
}
