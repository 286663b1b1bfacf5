import type { Ports } from '../../engine/ports.ts';
import type { Store } from '../../store/port/store.ts';
import { overbook } from './engines/overbook.ts';
import { dropFence } from './drop-fence.ts';
import { deliverTwice } from './deliver-twice.ts';
import { flatterLeaders } from './engines/flatter-leaders.ts';
import { forgetInbox } from './forget-inbox.ts';
import { forgetRequeue } from './engines/forget-requeue.ts';
import { ignoreWindow } from './engines/ignore-window.ts';
import { forgetAlready } from './forget-already.ts';
import { keepLocks } from './locks/keep-locks.ts';
import { shareLocks } from './locks/share-locks.ts';
import { hurryTimers } from './hurry-timers.ts';
import { forgetChild } from './forget-child.ts';
import { forgetDedup } from './forget-dedup.ts';
import { forgetEnd } from './tasks/forget-end.ts';
import { ignoreDemands } from './tasks/ignore-demands.ts';

/** A bug put in from outside, by wrapping the store or the ports: the simulator must find it. */
export interface PlantedBug {
  readonly name: string;
  /** The rules by which it may be noticed first. */
  readonly brokenRules: readonly string[];
  store?: (store: Store, storeTime: () => number) => Store;
  ports?: (ports: Ports) => Ports;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  { name: 'a plan of a former owner is applied', brokenRules: ['fence'], store: dropFence },
  {
    name: 'a run is put to rest over unread messages',
    brokenRules: ['message slept through'],
    store: forgetInbox,
  },
  {
    name: 'timers fire early',
    brokenRules: ['timer early', 'retry early', 'event from the future'],
    store: hurryTimers,
  },
  {
    name: 'a plan that is sent again is applied again',
    brokenRules: ['plan applied twice'],
    store: forgetAlready,
  },
  { name: 'the runs of a dead engine are not requeued', brokenRules: ['not quiet'], store: forgetRequeue },
  {
    name: 'a signal is delivered twice',
    brokenRules: ['signal of nobody', 'unexpected result'],
    store: deliverTwice,
  },
  {
    name: 'a repeated start makes a second run',
    brokenRules: ['key used twice', 'why lies', 'not quiet'],
    store: forgetDedup,
  },
  { name: 'a child of a retried run stays closed', brokenRules: ['not quiet'], store: forgetChild },
  { name: 'a limit lets one more in than it says', brokenRules: ['limit exceeded'], store: overbook },
  {
    name: 'the caller of a task is not told of its end',
    brokenRules: ['why lies', 'not quiet'],
    store: forgetEnd,
  },
  { name: 'a call executes where its label is not', brokenRules: ['label missing'], store: ignoreDemands },
  {
    name: 'two engines lead at once',
    brokenRules: ['two leaders in a term'],
    store: flatterLeaders,
  },
  {
    name: 'a run that is kept for one engine is claimed by another',
    brokenRules: ['window'],
    store: ignoreWindow,
  },
  { name: 'a run that ends keeps its locks', brokenRules: ['lock of a closed run'], store: keepLocks },
  { name: 'a lock is taken from its holder', brokenRules: ['lock taken'], store: shareLocks },
];
