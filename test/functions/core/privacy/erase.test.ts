import { describe, expect, it } from 'vitest';
import type { DocumentScan, StoredDocument } from '../../../../functions/core/document/scan.ts';
import { isUnsent } from '../../../../functions/core/email/status.ts';
import type { Document } from '../../../../functions/core/ports/table.ts';
import {
  deleteEmail,
  examineEmail,
  examineOther,
  findBodies,
  type Mention,
} from '../../../../functions/core/privacy/erase.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { pick, randomFrom } from '../../../helpers/random-text.ts';

const address = 'un.sub@example.com';
const wanted = { address, sender: false };
const none: ReadonlySet<string> = new Set();

const stored = (key: string, fields: Document, expired = false): StoredDocument => ({ key, fields, expired });
const email = (fields: Document) =>
  stored('email#one', { id: 'one', status: 'sent', from: 'me@example.com', to: ['bob@example.com'], ...fields });
const rolesOf = (fields: Document, sender = false) => {
  const found = examineEmail(email(fields), { address, sender });
  return typeof found === 'object' ? found.roles : found;
};
const delivery = (data: Document, more: Document = {}) =>
  stored('webhook-event#w#e', { payload: JSON.stringify({ type: 'email.sent', data }), attempts: [], ...more });

describe('an email', () => {
  it.each<[string, Document, readonly string[] | 'unreadable' | undefined]>([
    ['to', { to: ['Bob <bob@example.com>', 'Ada <UN.Sub@Example.com>'] }, ['to']],
    ['cc, quoted', { cc: ['"un.sub"@example.com'] }, ['cc']],
    ['bcc', { bcc: [address] }, ['bcc']],
    ['reply_to', { replyTo: [address] }, ['replyTo']],
    ['the name of a recipient', { to: ['"un.sub@example.com" <bob@example.com>'] }, ['to']],
    ['the timeline', { timeline: [{ atMs: 1, event: 'complained', recipient: address }] }, []],
    ['what a server answered', { timeline: [{ atMs: 1, event: 'bounced', detail: `550 <${address}>` }] }, []],
    ['a name that is longer in lower case', { to: [`${'İ'.repeat(600)} <${address}>`] }, ['to']],
    ['text that is no mailbox', { to: [`Ada <${address}`] }, ['to']],
    ['a text instead of a list', { to: address }, ['to']],
    ['an object instead of a list', { to: { name: 'Ada', address } }, ['to']],
    ['a field of another version', { to: [], envelope: [address] }, []],
  ])('names the address in %s', (_where, fields, roles) => {
    expect(rolesOf(fields)).toEqual(roles);
  });

  it.each<[string, Document]>([
    ['is to another address', { to: ['not-un.sub@example.com'] }],
    ['has it in its subject', { subject: `About ${address}` }],
    ['has it in a tag', { tags: [{ name: 'for', value: address }] }],
    ['is from it', { from: `Ada <${address}>` }],
  ])('that %s does not concern it', (_what, fields) => {
    expect(rolesOf(fields)).toBeUndefined();
  });

  it('that it sent concerns it if senders are searched for', () => {
    expect(rolesOf({ from: `Ada <${address}>` }, true)).toEqual(['from']);
  });

  it.each<[string, Document]>([
    ['no recipients', { to: [] }],
    ['recipients of another type', { to: [1, null] }],
    ['nothing as recipients', { to: null }],
  ])('that has %s and does not name it counts as unreadable', (_what, fields) => {
    expect(examineEmail(email(fields), wanted)).toBe('unreadable');
  });

  it('that is damaged is searched as text', () => {
    const damaged = (text: string) => examineEmail({ key: 'email#one', text, expired: false }, wanted);
    expect(damaged('{"to":"[\\"Ada <\\\\\\"un.sub\\\\\\"@example.com>')).toMatchObject({
      id: 'one',
      status: undefined,
    });
    expect(damaged('{"to":"[\\"bob@example.com')).toBe('unreadable');
  });

  it('is unsent while its status says so and it has not expired', () => {
    const waits = (fields: Document, expired = false) => {
      const found = examineEmail({ ...email({ bcc: [address], ...fields }), expired }, wanted);
      return typeof found === 'object' && isUnsent(found);
    };
    expect(['scheduled', 'queued', 'sending'].map((status) => waits({ status }))).toEqual([true, true, true]);
    expect(waits({ status: 'queued' }, true)).toBe(false);
    for (const status of ['sent', 'suppressed', 'of a later version', 7, null]) expect(waits({ status })).toBe(false);
  });
});

describe('a delivery to a webhook', () => {
  it.each<[string, StoredDocument]>([
    ['of an email to it', delivery({ email_id: 'other', to: ['Ada <UN.SUB@example.com>'] })],
    ['of one of its emails', delivery({ email_id: 'mine', to: ['bob@example.com'] })],
    ['of it as the recipient', delivery({ recipient: '"un.sub"@example.com', to: ['list@example.com'] })],
    ['of its suppression', delivery({ email: address, origin: 'bounce' })],
    ['in words of the server', delivery({ to: ['a@example.com'], bounce: { message: `550 <${address}>` } })],
    ['and answered with it', delivery({ to: ['a@example.com'] }, { attempts: [{ response: `hello ${address}` }] })],
    ['with an id that is none', delivery({ email_id: { toString: 1 }, to: [address] })],
    ['in a payload that is cut off', stored('webhook-event#w#e', { payload: `{"data":{"to":["${address}` })],
    ['in a payload of another form', stored('webhook-event#w#e', { payload: JSON.stringify([address]) })],
    ['in a payload that is no text', stored('webhook-event#w#e', { payload: { data: { to: [address] } } })],
    ['in a document that is damaged', { key: 'webhook-event#w#e', text: `{"f":"${address}`, expired: false }],
  ])('is found: %s', (_what, document) => {
    expect(examineOther(document, wanted, new Set(['mine']))).toBe('delivery');
  });

  it('stays when it is about another address, whatever its subject, tags and headers say', () => {
    const about = { to: ['not-un.sub@example.com'], from: address, subject: address };
    const document = delivery({ ...about, tags: { a: address }, headers: [{ name: 'X-To', value: address }] });
    expect(examineOther(document, wanted, none)).toBeUndefined();
    expect(examineOther(document, { address, sender: true }, none)).toBe('delivery');
  });

  it('is reported when it cannot be read', () => {
    for (const payload of ['{"data":', 'null', '7', '{"data":null}', '{}', null, 7])
      expect(examineOther(stored('webhook-event#w#e', { payload }), wanted, none)).toBe('unreadable');
  });
});

describe('a suppression', () => {
  it.each<[string, StoredDocument, string | undefined]>([
    ['of the address', stored('suppression#1', { email: address }), 'suppression'],
    ['of the address as it was quoted', stored('suppression#1', { email: '"un.sub"@example.com' }), 'suppression'],
    ['that is damaged and names it', { key: 'suppression#1', text: address, expired: false }, 'suppression'],
    ['without an address', stored('suppression#1', { origin: 'bounce' }), 'unreadable'],
    // It protects another person.
    ['of another from it as the sender', stored('suppression#1', { email: 'a@b.co', senders: [address] }), undefined],
  ])('%s: %s', (_what, document, finding) => {
    expect(examineOther(document, wanted, none)).toBe(finding);
  });
});

describe('any other document', () => {
  it('that names the address is reported, not deleted', () => {
    const key = stored('api-key#1', { name: `of ${address}` });
    const hook = stored('webhook#1', { endpoint: 'https://example.com/?for=un.sub%40example.com' });
    expect(examineOther(key, wanted, none)).toBe('elsewhere');
    expect(examineOther(hook, wanted, none)).toBe('elsewhere');
    expect(examineOther(stored(`of-a-later-version#${address}`, {}), wanted, none)).toBe('elsewhere');
    expect(examineOther(stored('api-key#1', { name: 'mine' }), wanted, none)).toBeUndefined();
    expect(examineOther({ key: 'api-key#1', text: '{', expired: false }, wanted, none)).toBe('unreadable');
  });
});

describe('hostile documents', () => {
  const forms = [
    address,
    'UN.SUB@EXAMPLE.COM',
    '"un.sub"@example.com',
    '"u\\n.su\\b"@example.com',
    `Ada <${address}>`,
    `${'İ'.repeat(600)} <${address}>`,
    `"a \\"b\\" <c>" <"un.sub"@example.com>`,
    `Ada <${address}`,
    `${address}, bob@example.com`,
    `"${address}" <bob@example.com>`,
    `550 5.1.1 <${address}>: unknown`,
  ];
  const others = [
    'bob@example.com',
    'x-un.sub@example.com',
    'un.sub@example.com.au',
    'İ',
    '<',
    '"',
    '\\',
    '@',
    '',
    '\ud800',
  ];
  const noise: readonly (Document[string] | object)[] = [null, true, -1, 1e300, {}, [], [[]], { a: [null] }];

  /** A value of any shape that contains this text. */
  function around(random: () => number, text: string, depth = 0): unknown {
    const wrap = depth < 4 ? random() : 0;
    if (wrap < 0.4) return text;
    const inner = around(random, text, depth + 1);
    if (wrap < 0.7) return [pick(random, [...others, ...noise]), inner, pick(random, noise)];
    return { [pick(random, ['address', 'name', '__proto__x', 'length', 'toString'])]: inner, b: pick(random, noise) };
  }

  /** A document of any kind that holds this text in one of the fields that are searched. */
  function hostile(random: () => number, text: string): StoredDocument {
    const kind = pick(random, ['email#1', 'webhook-event#w#1', 'suppression#1', 'later#1']);
    const places: Record<string, readonly string[]> = {
      'email#1': ['to', 'cc', 'bcc', 'replyTo', 'timeline', 'later'],
      'webhook-event#w#1': ['payload', 'attempts', 'later'],
      'suppression#1': ['email'],
      'later#1': ['anything'],
    };
    const fields: Record<string, unknown> = Object.fromEntries(
      ['id', 'status', 'fingerprint', 'subject', 'to', 'payload', 'email', 'attempts', 'tags'].flatMap((name) =>
        random() < 0.5 ? [[name, pick(random, [...noise, ...others])]] : [],
      ),
    );
    const place = pick(random, places[kind] ?? []);
    const value = around(random, text);
    const asPayload = () =>
      pick(random, [JSON.stringify({ data: { to: value } }), JSON.stringify({ data: value }), value]);
    fields[place] = place === 'payload' ? asPayload() : value;
    if (random() < 0.8) return { key: kind, fields: fields as Document, expired: random() < 0.1 };
    const damaged = JSON.stringify({ f: JSON.stringify({ [place]: value }) });
    return { key: kind, text: `${pick(random, ['', '{', '\u0000'])}${damaged}`, expired: false };
  }

  const examine = (document: StoredDocument) =>
    document.key.startsWith('email#') ? examineEmail(document, wanted) : examineOther(document, wanted, none);
  const isFound = (finding: ReturnType<typeof examine>) => finding !== undefined && finding !== 'unreadable';

  it('never end the search; they are found if they name the address anywhere, and left if they do not', () => {
    for (let seed = 1; seed <= 20_000; seed++) {
      const random = randomFrom(seed);
      const names = random() < 0.5;
      const document = hostile(random, pick(random, names ? forms : others));
      expect([seed, document, isFound(examine(document))]).toEqual([seed, document, names]);
    }
  });
});

describe('deleting', () => {
  const setUp = () => {
    const { table, bodies } = createMemoryBackend();
    const raw: string[] = [];
    const scan: DocumentScan = {
      async *pages() {
        yield ['body#one#f', 'body#one#refused', 'body#two#f'].map((key) => ({ key, expired: false }));
      },
      delete: async ({ key }) => void raw.push(key),
    };
    const mention: Mention = {
      ...{ id: 'one', document: { key: 'email#one', expired: false } },
      ...{ status: 'sent', roles: ['to'], recipientCount: 1 },
    };
    return { table, bodies, scan, raw, mention };
  };

  it('finds every body of an email, including those of refused requests with its idempotency key', async () => {
    const { scan } = setUp();
    expect(await findBodies(scan, new Set(['one']))).toEqual(new Map([['one', ['body#one#f', 'body#one#refused']]]));
  });

  it('deletes bodies and record, but not the record of an email that was queued again', async () => {
    const { mention, ...all } = setUp();
    await all.bodies.put('body#one#f', Buffer.from('x'), Number.POSITIVE_INFINITY);
    await all.table.insert({ key: 'email#one', fields: { status: 'queued' } });
    expect(await deleteEmail(all, mention, ['body#one#f'])).toBe(false);
    await all.table.update('email#one', { set: { status: 'sent' } });
    expect(await deleteEmail(all, mention, ['body#one#f'])).toBe(true);
    expect(await all.table.get('email#one')).toBeUndefined();
    expect(await all.bodies.get('body#one#f')).toBeUndefined();
    expect(await deleteEmail(all, mention, [])).toBe(true);
    expect(all.raw).toEqual([]);
  });

  it('deletes a record that no worker can read', async () => {
    const { mention, ...all } = setUp();
    expect(await deleteEmail(all, { ...mention, status: undefined }, [])).toBe(true);
    expect(all.raw).toEqual(['email#one']);
  });
});
