import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../lib/synth.ts';
import { type Grant, grantsIn } from './grants.ts';

const { template, assemblyDirectory } = synthesize({ 'aws:cdk:bundling-stacks': [] });
afterAll(() => rmSync(assemblyDirectory, { recursive: true }));
const textOf = ({ functionName, action, resource }: Grant) => `${functionName} ${action} ${resource}`;
const all = grantsIn({ template });

describe('removing grants one by one', () => {
  it('counts an action on two resources as two grants, and finds every role', () => {
    const texts = all.map(textOf);
    expect(texts).toContain('SendFunction sqs:SendMessage BulkQueue');
    expect(texts).toContain('SendFunction sqs:SendMessage TransactionalQueue');
    expect(texts).toContain('ApiFunction s3:GetObject BodyBucket/*');
    expect(new Set(texts).size).toBe(texts.length);
    const roles = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(new Set(all.map(({ functionName }) => functionName)).size).toBe(roles.length);
  });

  it('names a grant by the function that has it, whatever the name of the policy', () => {
    const redis = synthesize({ 'aws:cdk:bundling-stacks': [], backend: 'redis', redisSecret: 'upstash' });
    const invoking = grantsIn(redis).filter(({ action }) => action === 'lambda:InvokeFunction');
    rmSync(redis.assemblyDirectory, { recursive: true });
    expect(invoking.map(textOf).sort()).toEqual([
      'ApiFunction lambda:InvokeFunction RedisConsumerFunction',
      'FeedbackFunction lambda:InvokeFunction RedisConsumerFunction',
      'RedisConsumerFunction lambda:InvokeFunction RedisConsumerFunction',
      'RedisConsumerFunction lambda:InvokeFunction RedisWatchdogFunction',
      'RedisWatchdogFunction lambda:InvokeFunction RedisConsumerFunction',
    ]);
  });

  it.each(all.map((grant) => ({ name: textOf(grant), grant })))(
    'removes $name, and nothing else',
    ({ name, grant }) => {
      const left = grantsIn({ template: grant.without() }).map(textOf);
      expect(left.toSorted()).toEqual(
        all
          .map(textOf)
          .filter((text) => text !== name)
          .toSorted(),
      );
    },
  );
});
