import { describe, expect, it } from 'vitest';
import { createIam, type PolicyStatement } from '../../../../../lib/local/cloud/aws/iam.ts';
import { conditionsHold, matchesPattern } from '../../../../../lib/local/cloud/aws/iam-conditions.ts';

const queue = 'arn:aws:sqs:us-east-1:000000000000:queue';

function iamWith(...statements: PolicyStatement[]) {
  const iam = createIam();
  iam.addStatements('role', statements);
  iam.assume('Function', 'role');
  return iam;
}

function allows(
  statements: PolicyStatement[],
  action: string,
  resource: string,
  context?: Record<string, string[]>,
): boolean {
  return iamWith(...statements).check('Function', { action, resources: [resource], ...(context ? { context } : {}) })
    .allowed;
}

const allow = (Action: string | string[], Resource: string | string[] = '*'): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

describe('identity policies', () => {
  it('allows nothing without a statement that does', () => {
    expect(allows([], 'sqs:SendMessage', queue)).toBe(false);
    expect(allows([allow('sqs:SendMessage', `${queue}-other`)], 'sqs:SendMessage', queue)).toBe(false);
    expect(allows([allow('sqs:SendMessage', queue)], 'sqs:DeleteMessage', queue)).toBe(false);
    expect(allows([allow('sqs:SendMessage', queue)], 'sqs:SendMessage', queue)).toBe(true);
  });

  it('allows a function without a role nothing', () => {
    const verdict = iamWith(allow('*')).check('Other', { action: 'sqs:SendMessage', resources: [queue] });
    expect(verdict).toMatchObject({ allowed: false, reason: expect.stringContaining('sqs:SendMessage') });
  });

  it('reads wildcards in actions, without regard to case, and in resources', () => {
    expect(allows([allow('SQS:send*', 'arn:aws:sqs:*:*:que?e')], 'sqs:SendMessage', queue)).toBe(true);
    expect(allows([allow('s3:Get*')], 's3:PutObject', 'arn:aws:s3:::b/k')).toBe(false);
  });

  it('lets an explicit deny win', () => {
    const deny: PolicyStatement = { Effect: 'Deny', Action: 'sqs:*', Resource: queue };
    expect(allows([allow('*'), deny], 'sqs:SendMessage', queue)).toBe(false);
    expect(allows([allow('*'), deny], 'sqs:SendMessage', `${queue}-other`)).toBe(true);
  });

  it('reads NotAction and NotResource', () => {
    const all: PolicyStatement = { Effect: 'Allow', NotAction: 'iam:*', NotResource: queue };
    expect(allows([all], 'sqs:SendMessage', `${queue}-other`)).toBe(true);
    expect(allows([all], 'sqs:SendMessage', queue)).toBe(false);
    expect(allows([all], 'iam:PassRole', '*')).toBe(false);
  });

  it('lets a role have a managed policy by its ARN, if there is one', () => {
    const iam = createIam();
    iam.definePolicy('arn:policy', [allow('sqs:*')]);
    iam.assume('Function', 'role');
    expect([iam.attachPolicy('role', 'arn:other'), iam.attachPolicy('role', 'arn:policy')]).toEqual([false, true]);
    expect(iam.check('Function', { action: 'sqs:SendMessage', resources: [queue] }).allowed).toBe(true);
  });

  it('is satisfied with one of several resources, but not when another is denied', () => {
    const identities = ['arn:identity/me@example.com', 'arn:identity/example.com'];
    const check = { action: 'ses:SendRawEmail', resources: identities };
    const domain = allow('ses:SendRawEmail', 'arn:identity/example.com');
    expect(iamWith(domain).check('Function', check).allowed).toBe(true);
    const deny: PolicyStatement = { Effect: 'Deny', Action: 'ses:*', Resource: 'arn:identity/me@example.com' };
    expect(iamWith(domain, deny).check('Function', check).allowed).toBe(false);
  });

  it('evaluates conditions anew for each call', () => {
    const statement: PolicyStatement = {
      ...allow('ses:SendRawEmail'),
      Condition: { StringEquals: { 'ses:FromAddress': 'me@example.com' } },
    };
    const iam = iamWith(statement);
    const check = (from: string) => ({
      action: 'ses:SendRawEmail',
      resources: ['*'],
      context: { 'ses:FromAddress': [from] },
    });
    expect(iam.check('Function', check('me@example.com')).allowed).toBe(true);
    expect(iam.check('Function', check('you@example.com')).allowed).toBe(false);
  });

  describe('that confine a role to kinds of items', () => {
    const keys = 'dynamodb:LeadingKeys';
    const statement: PolicyStatement = {
      ...allow(['dynamodb:GetItem', 'dynamodb:Scan'], 'table'),
      Condition: { 'ForAllValues:StringLike': { [keys]: ['email#*', 'body#*'] }, Null: { [keys]: 'false' } },
    };
    const check = (...values: string[]) =>
      iamWith(statement).check('Function', {
        action: 'dynamodb:GetItem',
        resources: ['table'],
        context: { [keys]: values },
      }).allowed;

    it('allow a request whose items are all of these kinds', () => {
      expect(check('email#1')).toBe(true);
      expect(check('email#1', 'body#1#f')).toBe(true);
    });

    it('deny one with an item of another kind, and one that names no item', () => {
      expect(check('api-key#1')).toBe(false);
      expect(check('email#1', 'api-key#1')).toBe(false);
      expect(check('emails')).toBe(false);
      expect(check()).toBe(false);
      expect(allows([statement], 'dynamodb:GetItem', 'table')).toBe(false);
    });

    it('are left over for a kind that no call was about', () => {
      const iam = iamWith(statement);
      const context = { [keys]: ['email#1'] };
      iam.check('Function', { action: 'dynamodb:GetItem', resources: ['table'], context });
      expect(iam.unusedGrants()).toEqual([
        { role: 'role', action: 'dynamodb:scan', resource: 'table' },
        { role: 'role', action: 'dynamodb:getitem,dynamodb:scan', resource: 'table', condition: 'body#*' },
      ]);
    });
  });

  it('refuses condition operators it does not know', () => {
    expect(() => iamWith({ ...allow('*'), Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })).toThrow(
      'IpAddress',
    );
  });

  it('lists grants that no call needed', () => {
    const iam = iamWith(allow(['sqs:SendMessage', 'sqs:PurgeQueue'], queue));
    iam.check('Function', { action: 'sqs:SendMessage', resources: [queue] });
    expect(iam.unusedGrants()).toEqual([{ role: 'role', action: 'sqs:purgequeue', resource: queue }]);
    expect(iam.decisions()).toEqual([
      { functionName: 'Function', action: 'sqs:SendMessage', resource: queue, allowed: true },
    ]);
  });
});

describe('condition operators', () => {
  const context = {
    'ses:Recipients': ['a@x.org', 'b@x.org'],
    'aws:SecureTransport': ['true'],
    'ses:FromAddress': ['me@x.org'],
  };
  it.each<[boolean, string, Record<string, unknown>]>([
    [true, 'StringEquals', { 'SES:fromaddress': ['you@x.org', 'me@x.org'] }],
    [false, 'StringEquals', { 'ses:FromAddress': 'ME@x.org' }],
    [true, 'StringEqualsIgnoreCase', { 'ses:FromAddress': 'ME@x.org' }],
    [false, 'StringNotEquals', { 'ses:FromAddress': 'me@x.org' }],
    [true, 'StringNotEquals', { absent: 'x' }],
    [true, 'StringLike', { 'ses:FromAddress': '*@x.org' }],
    [false, 'StringNotLike', { 'ses:FromAddress': '*@x.org' }],
    [true, 'Bool', { 'aws:SecureTransport': true }],
    [false, 'Bool', { 'aws:SecureTransport': 'false' }],
    [false, 'StringEquals', { absent: 'x' }],
    [true, 'StringEqualsIfExists', { absent: 'x' }],
    [true, 'Null', { absent: 'true' }],
    [false, 'Null', { 'ses:FromAddress': 'true' }],
    [true, 'ForAllValues:StringLike', { 'ses:Recipients': '*@x.org' }],
    [false, 'ForAllValues:StringEquals', { 'ses:Recipients': ['a@x.org'] }],
    [true, 'ForAllValues:StringEquals', { absent: 'x' }],
    [true, 'ForAnyValue:StringEquals', { 'ses:Recipients': ['a@x.org'] }],
    [false, 'ForAnyValue:StringEquals', { 'ses:Recipients': ['c@x.org'] }],
  ])('%s: %s %o', (expected, operator, keys) => {
    expect(conditionsHold({ [operator]: keys }, context)).toBe(expected);
  });

  it('takes the characters of regular expressions as they are', () => {
    expect(matchesPattern('a.b+c*', 'a.b+c(d)')).toBe(true);
    expect(matchesPattern('a.b*', 'axb')).toBe(false);
  });
});
