import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lib/config.ts';
import { SendoffStack } from '../../lib/sendoff-stack.ts';
import { type Given, variants } from '../templates/variants.ts';

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'cdk.json'), 'utf8'));

interface Finding {
  readonly rule: string;
  readonly construct: string;
}

/** What cdk-nag's AwsSolutions rules find, warnings too, beyond what is acknowledged with a reason beside the resource. */
function findings(given: Given, forget: (stack: SendoffStack) => void = () => {}): Finding[] {
  const app = new App({
    builtinCloudFormationValidation: false,
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
  });
  forget(new SendoffStack(app, parseConfig(given)));
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath = '' }) => ({ rule: ruleName, construct: constructPath })),
  );
}

describe("cdk-nag's AwsSolutions rules", () => {
  it.each(variants)('find nothing without a reason: $name', ({ given }) => {
    expect(findings(given)).toEqual([]);
  });

  it('would find something: without its reason the bucket is one', () => {
    const found = findings({}, ({ sendoff }) => {
      const { metadata } = sendoff.bodyBucket.node;
      // The list is the node's own copy; emptying the entries is how one takes acknowledgments back.
      for (const { data } of metadata)
        if (typeof data === 'object') for (const key of Object.keys(data)) delete data[key];
    });
    expect(found).toEqual([{ rule: 'AwsSolutions-S1', construct: 'Sendoff/Sendoff/BodyBucket/Resource' }]);
  });
});
