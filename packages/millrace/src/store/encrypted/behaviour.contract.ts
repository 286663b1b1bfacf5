import { describe } from 'vitest';
import { useOptions } from '../../../testbed/engines/engines.ts';
import { testKey } from '../../../testbed/sealed/sealed.ts';

/** What engines promise is promised with payloads encrypted: the same tests with a key. */
describe('engines with a key', async () => {
  useOptions({ payloadKeys: [testKey('k1')] });
  await import('../../engine/steps.test.ts');
  await import('../../engine/runs.test.ts');
  await import('../../engine/engines.test.ts');
  await import('../../engine/tasks.test.ts');
  await import('../../engine/turn/locks.test.ts');
  await import('../../api/start.test.ts');
  await import('../../api/handle.test.ts');
  await import('../../api/retry.test.ts');
  await import('../../api/why/waits.test.ts');
  await import('../../versions/routes.test.ts');
});
