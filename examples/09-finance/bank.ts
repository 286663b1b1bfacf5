import { TerminalError } from 'millrace';

/*
 * The bank's own books: what the executors act on. A request that comes again with the same key is answered as before,
 * because a step may be made more than once.
 */

interface Hold {
  readonly account: string;
  readonly amount: number;
  state: 'held' | 'released' | 'settled';
}

interface Settlement {
  readonly hold: string;
  readonly to: string;
  state: 'settled' | 'reversed';
}

export interface Bank {
  hold(key: string, account: string, amount: number): { hold: string };
  release(hold: string): void;
  settle(key: string, hold: string, to: string): { settlement: string };
  reverse(settlement: string): void;
  balance(account: string): number;
  /** Of all accounts, money on hold included: it never changes. */
  total(): number;
}

export function createBank(opening: Readonly<Record<string, number>>): Bank {
  const balances = new Map(Object.entries(opening));
  const holds = new Map<string, Hold>();
  const settlements = new Map<string, Settlement>();
  const add = (account: string, amount: number): void => {
    balances.set(account, known(balances.get(account), `account ${account}`) + amount);
  };
  return {
    hold(key, account, amount) {
      if (holds.has(key)) return { hold: key };
      const balance = known(balances.get(account), `account ${account}`);
      if (balance < amount) {
        const message = `account ${account} has ${balance}, less than ${amount}`;
        throw new TerminalError(message, { code: 'NO_FUNDS' });
      }
      add(account, -amount);
      holds.set(key, { account, amount, state: 'held' });
      return { hold: key };
    },
    release(key) {
      const hold = known(holds.get(key), `hold ${key}`);
      if (hold.state !== 'held') return;
      add(hold.account, hold.amount);
      hold.state = 'released';
    },
    settle(key, holdKey, to) {
      if (settlements.has(key)) return { settlement: key };
      const hold = known(holds.get(holdKey), `hold ${holdKey}`);
      if (hold.state !== 'held')
        throw new TerminalError(`hold ${holdKey} is ${hold.state}`, { code: 'NO_HOLD' });
      add(to, hold.amount);
      hold.state = 'settled';
      settlements.set(key, { hold: holdKey, to, state: 'settled' });
      return { settlement: key };
    },
    reverse(key) {
      const settlement = known(settlements.get(key), `settlement ${key}`);
      if (settlement.state === 'reversed') return;
      const hold = known(holds.get(settlement.hold), `hold ${settlement.hold}`);
      add(settlement.to, -hold.amount);
      // The money is on hold again: releasing the hold gives it back.
      hold.state = 'held';
      settlement.state = 'reversed';
    },
    balance: (account) => known(balances.get(account), `account ${account}`),
    total() {
      let sum = 0;
      for (const balance of balances.values()) sum += balance;
      for (const { state, amount } of holds.values()) if (state === 'held') sum += amount;
      return sum;
    },
  };
}

function known<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new TerminalError(`${what} is unknown`, { code: 'UNKNOWN' });
  return found;
}
