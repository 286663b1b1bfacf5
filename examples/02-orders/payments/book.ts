import { CHARGE_LIMIT_PENCE, chance } from '../file/verdict.ts';
import { isEntry, type Entry, type Fault, type Ledger, type Operation } from './ledger.ts';

/** What a client asks for. */
export interface Asked {
  operation: Operation;
  key: string;
  reference: string;
  order: string;
  customer: string;
  pence: number;
}

export type Answer =
  | { status: 200; body: { id: string; pence: number; repeated: boolean } }
  | { status: 402 | 409 | 422; body: { code: string; message: string } };

/*
 * The payment service's rules, over its ledger.
 *   B1  A key acts once: asked again it is answered from the ledger, asked for something else it is refused.
 * B2  A refund gives back what is left of the charges for its reference, and no charge for it is taken
 * afterwards: a charge that is still on its way when its order is called off must not slip in behind the
 * refund.
 */
export function openBook(ledger: Ledger): {
  answer(asked: Asked): Answer;
  nextFault(asked: Asked, seed: string): Fault | undefined;
} {
  const byKey = new Map<string, Entry>();
  const closed = new Set<string>();
  const left = new Map<string, number>();
  const requests = new Map<string, number>();

  function note(entry: Entry): void {
    byKey.set(entry.key, entry);
    if (entry.kind === 'charged') left.set(entry.reference, (left.get(entry.reference) ?? 0) + entry.pence);
    if (entry.kind === 'refunded') {
      closed.add(entry.reference);
      left.delete(entry.reference);
    }
  }

  function count({ operation, reference }: Pick<Asked, 'operation' | 'reference'>): number {
    const before = requests.get(`${operation} ${reference}`) ?? 0;
    requests.set(`${operation} ${reference}`, before + 1);
    return before + 1;
  }

  for (const line of ledger.lines) {
    if (isEntry(line)) note(line);
    else count(line);
  }

  return {
    answer(asked) {
      const known = byKey.get(asked.key);
      if (known !== undefined)
        return known.asked === textOf(asked) ? told(known, true) : refusal(422, 'KEY_REUSED');
      if (asked.operation === 'charge' && closed.has(asked.reference)) return refusal(409, 'CALLED_OFF');
      const entry = decide(asked, left.get(asked.reference) ?? 0, `${asked.operation}-${byKey.size + 1}`);
      ledger.append(entry);
      note(entry);
      return told(entry, false);
    },
    nextFault(asked, seed) {
      const fault = faultOf(seed, asked, count(asked));
      ledger.append({
        kind: 'request',
        operation: asked.operation,
        reference: asked.reference,
        order: asked.order,
        key: asked.key,
        fault,
      });
      return fault;
    },
  };
}

const KINDS = { charge: 'charged', refund: 'refunded', credit: 'credited' } as const;

function decide(asked: Asked, left: number, id: string): Entry {
  const { operation, key, reference, order, customer } = asked;
  const declined = operation === 'charge' && asked.pence > CHARGE_LIMIT_PENCE;
  const pence = operation === 'refund' ? left : asked.pence;
  return {
    kind: declined ? 'declined' : KINDS[operation],
    id,
    key,
    reference,
    order,
    customer,
    pence,
    asked: textOf(asked),
  };
}

function textOf({ operation, reference, order, customer, pence }: Asked): string {
  return [operation, reference, order, customer, pence].join(' ');
}

function told(entry: Entry, repeated: boolean): Answer {
  if (entry.kind === 'declined') return refusal(402, 'DECLINED');
  return { status: 200, body: { id: entry.id, pence: entry.pence, repeated } };
}

const MESSAGES = {
  DECLINED: `More than ${CHARGE_LIMIT_PENCE / 100} pounds at once is declined`,
  CALLED_OFF: 'This reference was refunded: no further charge',
  KEY_REUSED: 'This idempotency key was used for another request',
};

function refusal(status: 402 | 409 | 422, code: keyof typeof MESSAGES): Answer {
  return { status, body: { code, message: MESSAGES[code] } };
}

/** Faults stop after the third request for a thing, so that patience is always rewarded. */
const FAULTY_REQUESTS = 3;

/**
 * What goes wrong with the n-th request of its kind for an order: the same whenever the seed is the same.
 * `error`: nothing happens, 500. `hang`: it happens, the answer comes too late. `twice`: it arrives twice.
 */
export function faultOf(
  seed: string,
  asked: Pick<Asked, 'operation' | 'order'>,
  n: number,
): Fault | undefined {
  if (seed === 'none' || n > FAULTY_REQUESTS) return undefined;
  const roll = chance(seed, asked.operation, asked.order, n);
  if (roll < 0.15) return 'error';
  if (roll < 0.25) return 'hang';
  return roll < 0.35 ? 'twice' : undefined;
}
