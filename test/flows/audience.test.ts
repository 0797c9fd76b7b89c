/** The 43 integration cases of the official Node client (resend-node 6.22, `*.integration.spec.ts`), with the client of today. */
import { beforeEach, describe, expect, it } from 'vitest';
import { runningTarget } from './target.ts';

const sendoff = runningTarget();
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The id in an answer. */
function idOf({ data, error }: { data: { id: string } | null; error: unknown }): string {
  expect(error).toBeNull();
  expect(data?.id).toBeTruthy();
  return data?.id ?? '';
}

async function withSegment(name: string, run: (segmentId: string) => Promise<void>): Promise<void> {
  const { segments } = sendoff.resend;
  const segmentId = idOf(await segments.create({ name }));
  try {
    await run(segmentId);
  } finally {
    expect((await segments.remove(segmentId)).data?.deleted).toBe(true);
  }
}

/** The recorded cases ran on an account without contacts. */
async function deleteAllContacts(): Promise<void> {
  const { contacts } = sendoff.resend;
  for (;;) {
    const { data } = await contacts.list({ limit: 100 });
    if (!data || data.data.length === 0) return;
    await Promise.all(data.data.map(({ id }) => contacts.remove(id)));
  }
}

/** Six contacts, in an audience if one is given. */
async function createSix(audienceId?: string): Promise<void> {
  for (let index = 0; index < 6; index++) {
    const email = `test.${index}@example.com`;
    const { contacts } = sendoff.resend;
    idOf(await (audienceId === undefined ? contacts.create({ email }) : contacts.create({ email, audienceId })));
  }
}

describe('contacts', () => {
  beforeEach(deleteAllContacts);

  it('creates a contact', async () => {
    const { segments, topics, contactProperties, contacts } = sendoff.resend;
    const segmentId = idOf(await segments.create({ name: 'Test segment' }));
    const topicId = idOf(await topics.create({ name: 'Test topic', defaultSubscription: 'opt_out' }));
    const key = 'test_property_for_contacts_api';
    const propertyId = idOf(await contactProperties.create({ key, type: 'string', fallbackValue: 'unknown' }));
    try {
      const result = await contacts.create({
        email: 'test@example.com',
        segments: [{ id: segmentId }],
        topics: [{ id: topicId, subscription: 'opt_in' }],
        properties: { [key]: 'updated value' },
        firstName: 'Test',
        lastName: 'User',
      });
      expect(result.data?.object).toBe('contact');
      const { data } = await contacts.get(idOf(result));
      expect(data?.properties).toEqual({ [key]: { type: 'string', value: 'updated value' } });
      const chosen = await contacts.topics.list({ email: 'test@example.com' });
      expect(chosen.data?.data).toMatchObject([{ id: topicId, subscription: 'opt_in' }]);
      const own = await contacts.segments.list({ email: 'test@example.com' });
      expect(own.data?.data).toMatchObject([{ id: segmentId, name: 'Test segment' }]);
    } finally {
      expect((await segments.remove(segmentId)).data?.deleted).toBe(true);
      expect((await topics.remove(topicId)).data?.deleted).toBe(true);
      expect((await contactProperties.remove(propertyId)).data?.deleted).toBe(true);
    }
  });

  it('handles validation errors', async () => {
    // @ts-expect-error: what the client's types forbid.
    expect((await sendoff.resend.contacts.create({})).error?.name).toBe('missing_required_field');
  });

  it('lists contacts without pagination', async () => {
    await createSix();
    const { data } = await sendoff.resend.contacts.list();
    expect([data?.object, data?.data.length, data?.has_more]).toEqual(['list', 6, false]);
  });

  it('lists contacts with limit', async () => {
    await createSix();
    const { data } = await sendoff.resend.contacts.list({ limit: 5 });
    expect([data?.data.length, data?.has_more]).toEqual([5, true]);
    const emails = Array.from({ length: 6 }, (_, index) => `test.${index}@example.com`);
    const removed = await Promise.all(emails.map((email) => sendoff.resend.contacts.remove({ email })));
    expect(removed.every((one) => one.data?.deleted)).toBe(true);
  });

  it('retrieves a contact by id', async () => {
    const email = 'test-get-by-id@example.com';
    const id = idOf(await sendoff.resend.contacts.create({ email }));
    expect((await sendoff.resend.contacts.get({ id })).data).toMatchObject({ id, email, object: 'contact' });
  });

  it('retrieves a contact by email', async () => {
    const email = 'test-get-by-email+label@example.com';
    const id = idOf(await sendoff.resend.contacts.create({ email }));
    expect((await sendoff.resend.contacts.get({ email })).data).toMatchObject({ id, email, object: 'contact' });
  });

  it('returns error for non-existent contact', async () => {
    expect((await sendoff.resend.contacts.get({ id: NOBODY })).error?.name).toBe('not_found');
  });
});

// The specs of the client have these cases once among the others and once as "legacy contacts API endpoint".
describe.each(['contacts of an audience', 'legacy contacts'])('%s', (which) => {
  it('updates a contact', () =>
    withSegment(`Update, ${which}`, async (audienceId) => {
      const { contacts } = sendoff.resend;
      const id = idOf(await contacts.create({ email: 'test-update@example.com', audienceId }));
      const updated = await contacts.update({ id, audienceId, firstName: 'Updated', lastName: 'Name' });
      expect(idOf(updated)).toBe(id);
      const { data } = await contacts.get({ id, audienceId });
      expect(data).toMatchObject({ first_name: 'Updated', last_name: 'Name' });
    }));

  it('removes a contact by id', () =>
    withSegment(`Remove by id, ${which}`, async (audienceId) => {
      const { contacts } = sendoff.resend;
      const id = idOf(await contacts.create({ email: 'test-remove-by-id@example.com', audienceId }));
      expect((await contacts.remove({ id, audienceId })).data?.deleted).toBe(true);
      expect((await contacts.get({ id, audienceId })).error?.name).toBe('not_found');
    }));

  it('removes a contact by email', () =>
    withSegment(`Remove by email, ${which}`, async (audienceId) => {
      const { contacts } = sendoff.resend;
      const email = 'test-remove-by-email@example.com';
      idOf(await contacts.create({ email, audienceId }));
      expect((await contacts.remove({ email, audienceId })).data?.deleted).toBe(true);
      expect((await contacts.get({ email, audienceId })).error?.name).toBe('not_found');
    }));

  it('appears to remove a contact that never existed', () =>
    withSegment(`Remove nobody, ${which}`, async (audienceId) => {
      expect((await sendoff.resend.contacts.remove({ id: NOBODY, audienceId })).data?.deleted).toBe(true);
    }));
});

describe('legacy contacts', () => {
  beforeEach(deleteAllContacts);

  it('creates a contact', () =>
    withSegment('Creation', async (audienceId) => {
      const { contacts } = sendoff.resend;
      const contact = { email: 'test@example.com', audienceId, firstName: 'Test', lastName: 'User' };
      const result = await contacts.create(contact);
      expect(result.data?.object).toBe('contact');
      expect(idOf(await contacts.create(contact))).toBe(idOf(result));
    }));

  it('handles validation errors', async () => {
    // @ts-expect-error: what the client's types forbid.
    expect((await sendoff.resend.contacts.create({})).error?.name).toBe('missing_required_field');
  });

  it('lists contacts without pagination', async () => {
    let removed = '';
    await withSegment('Listing', async (segmentId) => {
      removed = segmentId;
      await createSix(segmentId);
      const { data } = await sendoff.resend.contacts.list({ segmentId });
      expect([data?.object, data?.data.length, data?.has_more]).toEqual(['list', 6, false]);
    });
    const gone = { email: 'test.0@example.com', audienceId: removed };
    expect((await sendoff.resend.contacts.remove(gone)).data?.deleted).toBe(true);
  });

  it('lists contacts with limit', () =>
    withSegment('Listing with limit', async (segmentId) => {
      await createSix(segmentId);
      const { data } = await sendoff.resend.contacts.list({ segmentId, limit: 5 });
      expect([data?.data.length, data?.has_more]).toEqual([5, true]);
    }));

  it('retrieves a contact by id', () =>
    withSegment('Get by id', async (audienceId) => {
      const email = 'test-get-by-id@example.com';
      const id = idOf(await sendoff.resend.contacts.create({ email, audienceId }));
      const { data } = await sendoff.resend.contacts.get({ id, audienceId });
      expect(data).toMatchObject({ id, email, object: 'contact' });
    }));

  it('retrieves a contact by email', () =>
    withSegment('Get by email', async (audienceId) => {
      const email = 'test-get-by-email@example.com';
      const id = idOf(await sendoff.resend.contacts.create({ email, audienceId }));
      expect((await sendoff.resend.contacts.get({ email })).data).toMatchObject({ id, email, object: 'contact' });
    }));

  it('returns error for non-existent contact', () =>
    withSegment('Get nobody', async (audienceId) => {
      expect((await sendoff.resend.contacts.get({ id: NOBODY, audienceId })).error?.name).toBe('not_found');
    }));
});

describe.each(['segments', 'audiences'] as const)('%s', (name) => {
  const resource = () => sendoff.resend[name];
  const createSixOf = async () => {
    const ids: string[] = [];
    for (let index = 0; index < 6; index++) ids.push(idOf(await resource().create({ name: `Test ${index}` })));
    return ids;
  };
  const removeAll = async (ids: readonly string[]) => {
    for (const id of ids) expect((await resource().remove(id)).data?.deleted).toBe(true);
  };

  it('creates one', async () => {
    const result = await resource().create({ name: 'Test' });
    expect(result.data).toMatchObject({ object: 'segment', name: 'Test' });
    await removeAll([idOf(result)]);
  });

  it('handles validation errors', async () => {
    // @ts-expect-error: what the client's types forbid.
    expect((await resource().create({})).error?.name).toBe('missing_required_field');
  });

  it('lists without pagination', async () => {
    const ids = await createSixOf();
    const { data } = await resource().list();
    expect(data?.object).toBe('list');
    expect(data?.data.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
    expect(data?.has_more).toBe(false);
    await removeAll(ids);
  });

  it('lists with limit', async () => {
    const ids = await createSixOf();
    const { data } = await resource().list({ limit: 5 });
    expect([data?.data.length, data?.has_more]).toEqual([5, true]);
    await removeAll(ids);
  });

  it('retrieves one by id', async () => {
    const id = idOf(await resource().create({ name: 'Test for Get' }));
    expect((await resource().get(id)).data).toMatchObject({ id, name: 'Test for Get', object: 'segment' });
    await removeAll([id]);
  });

  it('returns error for one that does not exist', async () => {
    expect((await resource().get(NOBODY)).error?.name).toBe('not_found');
  });

  it('removes one', async () => {
    const id = idOf(await resource().create({ name: 'Test to Remove' }));
    await removeAll([id]);
    expect((await resource().get(id)).error?.name).toBe('not_found');
  });

  it('appears to remove one that never existed', async () => {
    expect((await resource().remove(NOBODY)).data?.deleted).toBe(true);
  });
});

describe('API keys', () => {
  it.each([
    ['with full access', { name: 'Integration Test Key', permission: 'full_access' }],
    ['with sending access', { name: 'Integration Test Sending Key', permission: 'sending_access' }],
    ['with an empty name', { name: '' }],
    ['that is removed then', { name: 'Integration Test Key to Remove' }],
  ] as const)('creates one %s', async (_, options) => {
    const result = await sendoff.resend.apiKeys.create(options);
    expect(result.data?.token).toBeTruthy();
    expect((await sendoff.resend.apiKeys.remove(idOf(result))).data).toBeTruthy();
  });

  it('returns error for a key that does not exist', async () => {
    expect((await sendoff.resend.apiKeys.remove(NOBODY)).error?.name).toBe('not_found');
  });
});

describe('an address in a path', () => {
  it('may have a plus, a slash, a percent sign or a hash', async () => {
    for (const local of ['a+b', 'a/b', 'a%b', 'a#b']) {
      const email = `${local}@example.org`;
      expect((await sendoff.request('POST', '/contacts', { email })).status).toBe(201);
      const path = `/contacts/${encodeURIComponent(email)}`;
      expect(await sendoff.request('GET', path)).toMatchObject({ status: 200, json: { email } });
      expect(await sendoff.request('GET', `${path}/segments`)).toMatchObject({ status: 200, json: { data: [] } });
      expect(await sendoff.request('DELETE', path)).toMatchObject({ status: 200, json: { deleted: true } });
    }
  });
});
