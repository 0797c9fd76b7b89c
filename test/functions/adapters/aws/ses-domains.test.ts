import {
  GetIdentityDkimAttributesCommand,
  GetIdentityMailFromDomainAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  SESClient,
} from '@aws-sdk/client-ses';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSesDomains } from '../../../../functions/adapters/aws/ses-domains.ts';

const ses = mockClient(SESClient);
const domains = createSesDomains(new SESClient({ region: 'us-east-1' }));
beforeEach(() => ses.reset());

const failure = (name: string) => Object.assign(new Error(name), { name });

describe('the domains of SES', () => {
  it('are read page by page, and come in alphabetical order', async () => {
    ses
      .on(ListIdentitiesCommand, { IdentityType: 'Domain' })
      .resolves({ Identities: ['b.example', 'C.example'], NextToken: 'more' })
      .on(ListIdentitiesCommand, { NextToken: 'more' })
      .resolves({ Identities: ['a.example'] });
    expect(await domains.names()).toEqual(['a.example', 'b.example', 'c.example']);
  });

  it('each have a status, and are left out when SES does not know them', async () => {
    ses.on(GetIdentityVerificationAttributesCommand, { Identities: ['a', 'b', 'c'] }).resolves({
      VerificationAttributes: {
        a: { VerificationStatus: 'Success' },
        b: { VerificationStatus: 'TemporaryFailure' },
      },
    });
    expect([...(await domains.statuses(['a', 'b', 'c']))]).toEqual([
      ['a', 'verified'],
      ['b', 'temporary_failure'],
    ]);
  });

  it('cost no call when there are none', async () => {
    expect((await domains.statuses([])).size).toBe(0);
    expect(ses.calls()).toEqual([]);
  });

  it('have DKIM tokens', async () => {
    ses.on(GetIdentityDkimAttributesCommand).resolves({
      DkimAttributes: { a: { DkimEnabled: true, DkimVerificationStatus: 'Pending', DkimTokens: ['x', 'y'] } },
    });
    expect(await domains.dkim('a')).toEqual({ tokens: ['x', 'y'], status: 'pending' });
    expect(await domains.dkim('b')).toEqual({ tokens: [], status: 'not_started' });
  });

  it('have a domain for the envelope sender, or none', async () => {
    ses.on(GetIdentityMailFromDomainAttributesCommand).resolves({
      MailFromDomainAttributes: {
        a: { MailFromDomain: 'bounce.a', MailFromDomainStatus: 'Failed', BehaviorOnMXFailure: 'UseDefaultValue' },
        b: { MailFromDomain: '', MailFromDomainStatus: 'Pending', BehaviorOnMXFailure: 'UseDefaultValue' },
      },
    });
    expect(await domains.mailFrom('a')).toEqual({ domain: 'bounce.a', status: 'failed' });
    expect(await domains.mailFrom('b')).toBeUndefined();
    expect(await domains.mailFrom('c')).toBeUndefined();
  });

  it.each([
    ['Throttling', 429, 'rate_limit_exceeded'],
    ['ServiceUnavailable', 503, 'service_unavailable'],
  ])('answer %s with %i, so that the caller tries again', async (name, status, code) => {
    ses.on(ListIdentitiesCommand).rejects(failure(name));
    await expect(domains.names()).rejects.toMatchObject({ status, code });
  });

  it('pass on errors that are not transient', async () => {
    ses.on(ListIdentitiesCommand).rejects(failure('AccessDenied'));
    await expect(domains.names()).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
