import { openInMemory } from '../../../testbed/sqlite/sqlite-subject.ts';
import { testKey } from '../../../testbed/sealed/sealed.ts';
import { storeContract } from '../contract/store-contract.ts';
import { encryptedStore } from './encrypted-store.ts';

/* A store promises the same with its payloads encrypted. */
storeContract('encrypted sqlite', async () => {
  const subject = await openInMemory();
  const store = encryptedStore(subject.store, [testKey('k1')], 'default');
  return { ...subject, store, second: store };
});
