import { TerminalError, type Executor } from 'millrace';
import { createBank, type Bank } from './bank.ts';

/** Accounts of the example; the last is on a list of forbidden parties. */
export const OPENING = { 'DE-ada': 20_000, 'FR-bob': 5_000, 'PT-eve': 0, 'XX-mallory': 1_000 };

const FORBIDDEN = new Set(['XX-mallory']);

interface Approval {
  readonly by: string;
}

/** The executors of `transfer.yaml`, on a bank. */
export function executorsOf(bank: Bank) {
  let asked = 0;
  return {
    'ledger.hold': ({ account, amount }: { account: string; amount: number }, { idempotencyKey }) =>
      bank.hold(idempotencyKey, account, amount),
    'ledger.release': ({ hold }: { hold: string }) => bank.release(hold),
    'ledger.settle': ({ hold, to }: { hold: string; to: string }, { idempotencyKey }) =>
      bank.settle(idempotencyKey, hold, to),
    'ledger.reverse': ({ settlement }: { settlement: string }) => bank.reverse(settlement),
    'ledger.statement': ({ accounts }: { accounts: string[] }) =>
      Object.fromEntries(accounts.map((account) => [account, bank.balance(account)])),

    /** A service that is busy now and then: the node's retries are for that. */
    'compliance.screen': ({ parties, amount }: { parties: string[]; amount: number }) => {
      if (++asked % 3 === 0)
        throw Object.assign(new Error('the screening service is busy'), { code: 'BUSY' });
      const hits = parties.filter((party) => FORBIDDEN.has(party));
      return { hits, score: hits.length > 0 ? 100 : Math.min(99, Math.floor(amount / 250)) };
    },
    'compliance.admit': ({ screening: { hits } }: { screening: { hits: string[] } }) => {
      if (hits.length === 0) return true;
      throw new TerminalError(`${hits.join(', ')} may not take part`, { code: 'FORBIDDEN_PARTY' });
    },
    'compliance.fourEyes': ({ requestedBy, approvals }: { requestedBy: string; approvals: Approval[] }) => {
      const people = [requestedBy, ...approvals.map(({ by }) => by)];
      if (new Set(people).size === people.length) return { people };
      const message = `requested and approved by ${people.join(', ')}: it takes different people`;
      throw new TerminalError(message, { code: 'FOUR_EYES' });
    },
  } satisfies Record<string, Executor>;
}

/** For the command line: `millrace run transfer.yaml --executors executors.ts`. */
export const executors = executorsOf(createBank(OPENING));
