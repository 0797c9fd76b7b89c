import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { App, Stack } from 'aws-cdk-lib/core';
import { afterAll, describe, expect, it } from 'vitest';
import { findSendoffs } from '../../../lib/local/find-sendoffs.ts';
import { Sendoff, type SendoffProps } from '../../../lib/sendoff.ts';
import { synthesize, type Template } from '../../../lib/synth.ts';

const TIMEOUT_MS = 60_000;
const directory = mkdtempSync(join(tmpdir(), 'find-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A stack with a Sendoff for each entry, and a function that may accept emails for each. */
function templateOf(sendoffs: Readonly<Record<string, SendoffProps>>): Template {
  const app = new App({ outdir: mkdtempSync(join(directory, 'app-')), analyticsReporting: false });
  const stack = new Stack(app, 'Shop');
  for (const [id, props] of Object.entries(sendoffs)) {
    const mail = new Sendoff(stack, id, { monitoring: false, ...props });
    const caller = new LambdaFunction(stack, `${id}SendFunction`, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {};'),
      environment: { ...mail.acceptEnvironment },
    });
    mail.grantAccept(caller);
  }
  return app.synth().getStackArtifact(stack.artifactId).template;
}

describe('the Sendoffs of a template', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['aws', {}],
    ['redis', { redisSecret: 'upstash' }],
    ['redis', { redisParameter: '/upstash' }],
  ])('have the outputs of our own stack, on backend=%s', (backend, config) => {
    const { template } = synthesize({ backend, ...config }, mkdtempSync(join(directory, 'own-')));
    const [found, ...others] = findSendoffs(template);
    const outputs = Object.fromEntries(
      Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, Value]),
    );
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: 'Sendoff/Sendoff', backend, outputs, servesConsole: true });
    expect(Object.keys(found?.outputs ?? {}).sort()).toEqual(Object.keys(outputs).sort());
    expect(template.Resources[found?.apiId ?? '']?.Type).toBe('AWS::ApiGatewayV2::Api');
  });

  it('are all found, below other constructs of similar names, and no function that accepts is taken for one', () => {
    const template = templateOf({
      Mail: {},
      MailSend: { api: 'rest', console: false },
      Letters: { backend: 'redis', redisSecret: 's' },
    });
    const found = findSendoffs(template);
    expect(found.map(({ name, backend }) => [name, backend])).toEqual([
      ['Shop/Mail', 'aws'],
      ['Shop/MailSend', 'aws'],
      ['Shop/Letters', 'redis'],
    ]);
    expect(found.map(({ servesConsole }) => servesConsole)).toEqual([true, false, true]);
    const ids = found.map(({ apiId, outputs: { ApiFunctionName } }) => [
      apiId,
      (ApiFunctionName as { Ref: string }).Ref,
    ]);
    expect(ids).toEqual([
      [expect.stringMatching(/^MailHttpApi.{8}$/), expect.stringMatching(/^MailApiFunction.{8}$/)],
      [expect.stringMatching(/^MailSendRestApi.{8}$/), expect.stringMatching(/^MailSendApiFunction.{8}$/)],
      [expect.stringMatching(/^LettersHttpApi.{8}$/), expect.stringMatching(/^LettersApiFunction.{8}$/)],
    ]);
  });

  it('are none in a stack without one', () => {
    expect(findSendoffs({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } })).toEqual([]);
  });
});
