import { describe, expect, it } from 'vitest';
import { synthesize, type Template, type TemplateResource } from '../../lib/synth.ts';
import { type Given, variants } from './variants.ts';

/** Types that hold what people cannot get back. */
const DATA_TYPES = new Set(['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SES::EmailIdentity']);

const templates = new Map<string, Template>();
/** The template with these options; functions are not bundled. */
function templateOf(given: Given): Template {
  const key = JSON.stringify(given);
  const template = templates.get(key) ?? synthesize({ ...given, 'aws:cdk:bundling-stacks': [] }).template;
  templates.set(key, template);
  return template;
}

/** The resources that a template has and another has not. */
function missing(from: Template, in_: Template): TemplateResource[] {
  return Object.entries(from.Resources).flatMap(([id, resource]) => (in_.Resources[id] ? [] : [resource]));
}

const nameOf = ({ Properties = {} }: TemplateResource) =>
  Object.entries(Properties).filter(([property]) => /(^|[a-z])Name$|^EmailIdentity$/.test(property));

describe.each(variants)('a first deployment that fails ($name)', ({ given }) => {
  it('leaves nothing with a fixed name, on which the second would fail', () => {
    const left = Object.values(templateOf(given).Resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    for (const resource of left) expect([resource.Type, nameOf(resource)]).toEqual([resource.Type, []]);
  });

  it('is rolled back: a protected table, which cannot be deleted, is not tried', () => {
    for (const { Properties, DeletionPolicy } of Object.values(templateOf(given).Resources))
      if (Properties?.DeletionProtectionEnabled) expect(DeletionPolicy).toBe('Retain');
  });
});

describe('a deployment that forgets an option', () => {
  const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/6d3e5f1a-0000-4000-8000-000000000000';

  it.each<[string, Given, Given, string[]]>([
    ['domain', { domain: 'mail.example.com' }, {}, ['AWS::SES::EmailIdentity']],
    ['apiDomain', { apiDomain: 'api.example.com', apiCertificateArn: certificate }, {}, []],
    ['backend', { backend: 'redis', redisSecret: 'upstash', domain: 'a.example.com' }, { domain: 'a.example.com' }, []],
    ['api', { api: 'rest' }, {}, []],
    ['monitoring', {}, { monitoring: 'false' }, []],
    [
      'the default backend',
      {},
      { backend: 'redis', redisSecret: 'upstash' },
      ['AWS::DynamoDB::Table', 'AWS::S3::Bucket'],
    ],
  ])('%s leaves tables, buckets and identities where they are', (_what, before, after, types) => {
    const data = missing(templateOf(before), templateOf(after)).filter(({ Type }) => DATA_TYPES.has(Type));
    expect(data.map(({ Type }) => Type).sort()).toEqual(types);
    for (const { DeletionPolicy } of data) expect(DeletionPolicy).toMatch(/^Retain/);
  });
});
