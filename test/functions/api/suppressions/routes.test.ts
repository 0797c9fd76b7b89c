import { expect, it } from 'vitest';
import { createApiClient } from '../../../helpers/api-client.ts';

it('adding suppressions in a batch is a 201, as adding one is', async () => {
  const { ask } = await createApiClient();
  const { status, body } = await ask('POST', '/suppressions/batch/add', { emails: ['a@example.org', 'b@example.org'] });
  expect([status, body.data.length]).toEqual([201, 2]);
});
