import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseStack, readAssembly, type SynthesizedStack } from '../../../lib/local/assembly.ts';

const directory = mkdtempSync(join(tmpdir(), 'assembly-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ACCOUNT = '111122223333';
const queue = { Type: 'AWS::SQS::Queue' };
const fn = (Variables: object = {}) => ({ Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } });
/** As little of a Sendoff as tells it apart. */
const sendoff = {
  MailSendFunction01234567: fn({ CONFIGURATION_SET: 'c', DEPLOYMENT: 'Shop/Mail' }),
  MailScheduleFunction01234567: fn(),
  MailApiFunction01234567: fn(),
  MailFeedbackQueue01234567: queue,
  MailDeadLetterQueue01234567: queue,
  MailHttpApi01234567: { Type: 'AWS::ApiGatewayV2::Api' },
};

function stack(displayName: string, Resources: Record<string, object>): SynthesizedStack {
  const template = { Resources } as SynthesizedStack['template'];
  return { name: displayName.replaceAll('/', '-'), displayName, template, region: undefined, assemblyDirectory: '' };
}

function write(name: string, manifest: object, templates: Readonly<Record<string, object>>): string {
  const folder = join(directory, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries({ 'manifest.json': manifest, ...templates }))
    writeFileSync(join(folder, file), JSON.stringify(content));
  return folder;
}

const artifact = (environment: string, stackName?: string) => ({
  type: 'aws:cloudformation:stack',
  environment,
  properties: { templateFile: 'a.template.json', ...(stackName ? { stackName } : {}) },
});

describe('a cloud assembly', () => {
  it('has the stacks of its stages, too', () => {
    write(
      'out/stage',
      { artifacts: { B: artifact('aws://unknown-account/unknown-region') } },
      { 'a.template.json': { Resources: { b: queue } } },
    );
    const folder = write(
      'out',
      {
        artifacts: {
          Tree: { type: 'cdk:tree' },
          A: artifact(`aws://${ACCOUNT}/eu-central-1`, 'Named'),
          Stage: { type: 'cdk:cloud-assembly', properties: { directoryName: 'stage' } },
        },
      },
      { 'a.template.json': { Resources: { a: { ...queue, Properties: { QueueName: `of-${ACCOUNT}` } } } } },
    );
    expect(readAssembly(folder)).toMatchObject([
      { name: 'Named', region: 'eu-central-1', assemblyDirectory: folder },
      { name: 'B', region: undefined, assemblyDirectory: join(folder, 'stage') },
    ]);
  });

  it('that is bound to an account is run in that of the local cloud', () => {
    const Properties = { Policy: `arn:aws:sqs:eu-central-1:${ACCOUNT}:q` };
    const folder = write(
      'bound',
      { artifacts: { A: artifact(`aws://${ACCOUNT}/eu-central-1`) } },
      {
        'a.template.json': { Resources: { a: { ...queue, Properties } } },
      },
    );
    expect(JSON.stringify(readAssembly(folder)[0]?.template)).toContain('arn:aws:sqs:eu-central-1:000000000000:q');
  });

  it('that is not there, or waits for look-ups, says so', () => {
    expect(() => readAssembly(join(directory, 'none'))).toThrow('The app made no cloud assembly');
    const folder = write('missing', { missing: [{ key: 'vpc-provider:x' }] }, {});
    expect(() => readAssembly(folder)).toThrow(/vpc-provider:x.*cdk synth/);
  });
});

describe('the stack to run', () => {
  const shop = stack('Shop', sendoff);
  const other = stack('Stage/Other', { Queue: queue });

  it('is the only one with a Sendoff, or the one that is named', () => {
    expect(chooseStack([other, shop])).toBe(shop);
    expect(chooseStack([other, shop], 'Stage/Other')).toBe(other);
    expect(chooseStack([other, shop], 'Stage-Other')).toBe(other);
  });

  it('must be named when several have one, and be there', () => {
    expect(() => chooseStack([shop, stack('Prod/Shop', sendoff)])).toThrow('--stack Shop or --stack Prod/Shop');
    expect(() => chooseStack([shop, other], 'Sop')).toThrow('The app has no stack Sop. Its stacks: Shop, Stage/Other');
    expect(() => chooseStack([other])).toThrow('No stack of the app has a Sendoff in it. Its stacks: Stage/Other');
  });

  it('must not take values from another', () => {
    const Properties = { Name: { 'Fn::ImportValue': 'Network:Vpc' } };
    const importing = stack('Shop', { ...sendoff, Own: { ...queue, Properties } });
    expect(() => chooseStack([importing])).toThrow('takes values from another stack (Fn::ImportValue)');
  });
});
