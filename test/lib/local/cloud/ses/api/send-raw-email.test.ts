import {
  AccountSendingPausedException,
  ConfigurationSetDoesNotExistException,
  MessageRejected,
  SESServiceException,
  SendRawEmailCommand,
  type SendRawEmailCommandInput,
} from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { rawMessage, startSes } from '../ses-server.ts';

const input = (changes: Partial<SendRawEmailCommandInput> = {}): SendRawEmailCommand =>
  new SendRawEmailCommand({
    Source: 'Ada <ada@example.com>',
    Destinations: ['bob@example.net', 'Carol <carol@example.net>'],
    RawMessage: { Data: rawMessage() },
    ...changes,
  });

const raw = (...headers: string[]) => ({ RawMessage: { Data: rawMessage({ headers }) } });

describe('SendRawEmail', () => {
  it('keeps envelope, tags and MIME as they were sent and answers an id in the form of SES', async () => {
    const { ses, client } = await startSes({ now: () => Date.UTC(2026, 0, 1) });
    const { MessageId } = await client.send(input({ Tags: [{ Name: 'email_id', Value: 'a-1' }] }));

    expect(MessageId).toMatch(/^0100019b76daa800-[0-9a-f-]{36}-000000$/);
    expect(ses.messages()).toEqual([
      {
        messageId: MessageId,
        envelope: { from: 'ada@example.com', to: ['bob@example.net', 'carol@example.net'] },
        tags: { email_id: 'a-1' },
        raw: rawMessage().toString('latin1'),
        sentAtMs: Date.UTC(2026, 0, 1),
        caller: 'send-function',
      },
    ]);
  });

  it('takes the envelope from the headers when neither Source nor Destinations is given', async () => {
    const { ses, client } = await startSes();
    const headers = [
      'From: ada@example.com',
      'To: "Bob, B" <bob@example.net>,\r\n c@example.net',
      'Bcc: d@example.net',
    ];
    await client.send(new SendRawEmailCommand(raw(...headers)));
    expect(ses.messages()[0]?.envelope).toEqual({
      from: 'ada@example.com',
      to: ['bob@example.net', 'c@example.net', 'd@example.net'],
    });
  });

  it('takes configuration set and tags from the X-SES headers when the parameters are absent', async () => {
    const { ses, client } = await startSes();
    ses.putConfigurationSet('feedback');
    await client.send(input(raw('X-SES-CONFIGURATION-SET: feedback', 'X-SES-MESSAGE-TAGS: a=1, b=2')));
    expect(ses.messages()[0]).toMatchObject({ configurationSet: 'feedback', tags: { a: '1', b: '2' } });
  });

  it('keeps bytes above 127 one character a byte', async () => {
    const { ses, client } = await startSes();
    const Data = Buffer.concat([rawMessage(), Buffer.from([0, 0x80, 0xff, 0xc3, 0xa9])]);
    await client.send(input({ RawMessage: { Data } }));
    expect(Buffer.from(ses.messages()[0]?.raw ?? '', 'latin1')).toEqual(Data);
  });

  it.each<[string, Partial<SendRawEmailCommandInput>, string]>([
    [
      'no From anywhere',
      { Source: undefined, RawMessage: { Data: Buffer.from('To: a@b.c\r\n\r\n') } },
      "Missing required header 'From'.",
    ],
    [
      'no recipient anywhere',
      { Destinations: undefined, RawMessage: { Data: Buffer.from('From: a@b.c\r\n\r\n') } },
      "Missing required header 'To'.",
    ],
    [
      '51 recipients',
      { Destinations: Array.from({ length: 51 }, (_, n) => `r${n}@example.net`) },
      'Recipient count exceeds 50.',
    ],
    [
      'a blank in the local part',
      { Destinations: ['bo b@example.net'] },
      'Local address contains control or whitespace',
    ],
    [
      'an umlaut in the local part',
      { Destinations: ['jürgen@example.net'] },
      'Local address contains control or whitespace',
    ],
    ['an umlaut in the domain', { Destinations: ['a@münchen.de'] }, 'Domain contains control or whitespace'],
    ['no domain', { Destinations: ['bob'] }, "Missing final '@domain'"],
    ['an empty domain', { Destinations: ['bob@'] }, 'Missing domain'],
    ['no local part', { Destinations: ['@example.net'] }, 'Missing local name'],
    ['an empty address', { Destinations: [''] }, 'Empty address'],
    ['two dots', { Destinations: ['bob@example..net'] }, 'Domain contains dot-dot'],
    ['a comma in an unquoted name', { Destinations: ['B, Bob <bob@example.net>'] }, 'Illegal address'],
    ['an open angle bracket', { Destinations: ['Bob <bob@example.net'] }, "Missing '>'"],
    ['text behind the address', { Destinations: ['<a@example.net> <b@example.net>'] }, 'Extra route-addr'],
    [
      'a parenthesis in the local part',
      { Destinations: ['b(o)b@example.net'] },
      'Local address contains illegal character',
    ],
    ['an underscore in the domain', { Destinations: ['bob@ex_ample.net'] }, 'Domain contains illegal character'],
    ['a second From', raw('From: a@b.c', 'From: d@e.f'), "Duplicate header 'From'."],
    ['a second Subject in another case', raw('Subject: a', 'SUBJECT: b'), "Duplicate header 'SUBJECT'."],
    ['a header line of 999 characters', raw(`X-Long: ${'x'.repeat(991)}`), 'Header line too long.'],
    ['a header without a name', raw(': x'), 'Empty header names are illegal.'],
    ['a header name with a blank', raw('X Y: z'), "Illegal header 'X Y'."],
    [
      'a tag value with a colon',
      { Tags: [{ Name: 'a', Value: 'b:c' }] },
      "Invalid tag value <b:c>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
    ],
    [
      'a reserved tag name',
      { Tags: [{ Name: 'ses:a', Value: 'b' }] },
      "Invalid tag name <ses:a>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
    ],
    ['a tag without a value', { Tags: [{ Name: 'a', Value: '' }] }, 'The tag value must be specified.'],
    [
      'a tag value of 257 characters',
      { Tags: [{ Name: 'a', Value: 'v'.repeat(257) }] },
      'Tag value cannot exceed 256 characters.',
    ],
  ])('refuses %s as SES does', async (_case, changes, message) => {
    const { ses, client } = await startSes();
    await expect(client.send(input(changes))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message,
      $fault: 'client',
      $metadata: { httpStatusCode: 400 },
    });
    expect(ses.sentCount).toBe(0);
  });

  it('accepts the limits themselves: 50 recipients, 998 characters a header line, 256 in a tag', async () => {
    const { ses, client } = await startSes();
    const Destinations = Array.from({ length: 50 }, (_, n) => `r${n}@example.net`);
    const Tags = [{ Name: 'n'.repeat(256), Value: 'v'.repeat(256) }];
    await client.send(input({ ...raw(`X-Long: ${'x'.repeat(990)}`), Destinations, Tags }));
    expect(ses.sentCount).toBe(1);
  });

  it('accepts quoted local parts, plus labels and repeated free headers', async () => {
    const { ses, client } = await startSes();
    const Destinations = [
      '"bob b"@example.net',
      'B <"b<o>b"@example.net>',
      'bob+label@sub.example.net',
      '"B, \\"x\\"" <b.o.b@example.net>',
    ];
    await client.send(input({ ...raw('X-Tag: a', 'X-Tag: b'), Destinations }));
    expect(ses.messages()[0]?.envelope.to).toEqual([
      '"bob b"@example.net',
      '"b<o>b"@example.net',
      'bob+label@sub.example.net',
      'b.o.b@example.net',
    ]);
  });

  it('takes 10 MiB and refuses one byte more, naming both numbers', async () => {
    const { ses, client } = await startSes();
    const Data = Buffer.alloc(10_485_760, 'x');
    rawMessage().copy(Data);
    await client.send(input({ RawMessage: { Data } }));
    const tooLong = client.send(input({ RawMessage: { Data: Buffer.concat([Data, Buffer.from('x')]) } }));
    await expect(tooLong).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: "Message length is more than 10485760 bytes long: '10485761'.",
    });
    expect(ses.sentCount).toBe(1);
  });

  it('refuses an unknown configuration set with the typed exception', async () => {
    const { client } = await startSes();
    const sent = client.send(input({ ConfigurationSetName: 'nope' }));
    await expect(sent).rejects.toBeInstanceOf(ConfigurationSetDoesNotExistException);
    await expect(sent).rejects.toThrow('Configuration set <nope> does not exist.');
  });

  it('lets only verified identities send, when there is a list: address, domain or subdomain', async () => {
    const { ses, client } = await startSes({
      verifiedIdentities: ['example.com', 'eve@example.org'],
      region: 'eu-west-1',
    });
    await client.send(input());
    await client.send(input({ Source: 'x@mail.Example.com' }));
    await client.send(input({ Source: 'eve@example.org', ...raw('From: eve@example.org') }));

    const refused = client.send(input({ Source: 'mallory@example.org', ...raw('From: Mal <mal@evil.test>') }));
    await expect(refused).rejects.toBeInstanceOf(MessageRejected);
    await expect(refused).rejects.toThrow(
      'Email address is not verified. The following identities failed the check in region EU-WEST-1: mallory@example.org, Mal <mal@evil.test>',
    );

    ses.putIdentity('evil.test');
    ses.set({ verifiedIdentities: ['example.org'] });
    await client.send(input({ Source: 'mallory@example.org', ...raw('From: Mal <mal@evil.test>') }));
    await expect(client.send(input())).rejects.toThrow('ada@example.com');
  });

  it('answers AccountSendingPausedException while sending is disabled', async () => {
    const { ses, client } = await startSes({ sendingEnabled: false });
    await expect(client.send(input())).rejects.toBeInstanceOf(AccountSendingPausedException);
    ses.set({ sendingEnabled: true });
    await client.send(input());
    expect(ses.sentCount).toBe(1);
  });

  it('fails the next sends on demand, with the status AWS answers', async () => {
    const { ses, client } = await startSes();
    ses.failNext('Throttling', { times: 2 });
    ses.failNext('InternalFailure');
    ses.failNext('ServiceUnavailable', { afterAccept: true });
    const outcomes = [];
    for (let send = 0; send < 5; send++) {
      outcomes.push(
        await client.send(input()).then(
          () => 200,
          (error: unknown) => (error instanceof SESServiceException ? error.$metadata.httpStatusCode : error),
        ),
      );
    }
    expect(outcomes).toEqual([400, 400, 500, 503, 200]);
    expect(ses.sentCount).toBe(2);
  });
});
