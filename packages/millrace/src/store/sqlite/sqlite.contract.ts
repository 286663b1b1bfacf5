import { openInMemory, openOnDisk } from '../../../testbed/sqlite/sqlite-subject.ts';
import { storeContract } from '../contract/store-contract.ts';

storeContract('sqlite in memory', openInMemory);
storeContract('sqlite on disk', openOnDisk);
