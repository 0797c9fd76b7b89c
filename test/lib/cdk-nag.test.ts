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

/** The findings of cdk-nag's AwsSolutions rules, warnings too, that are not acknowledged with a reason. */
function findings(given: Given, change: (stack: SendoffStack) => void = () => {}): Finding[] {
  const app = new App({
    builtinCloudFormationValidation: false,
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
  });
  change(new SendoffStack(app, parseConfig(given)));
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath = '' }) => ({ rule: ruleName, construct: constructPath })),
  );
}

describe("cdk-nag's AwsSolutions rules", () => {
  it.each(variants)('have no finding without a reason: $name', ({ given }) => {
    expect(findings(given)).toEqual([]);
  });

  it('have a finding when a reason is missing', () => {
    const found = findings({}, ({ sendoff }) => {
      const { metadata } = sendoff.bodyBucket.node;
      // The list is a copy, so only its entries can be changed: emptying them removes the acknowledgments.
      for (const { data } of metadata)
        if (typeof data === 'object') for (const key of Object.keys(data)) delete data[key];
    });
    expect(found).toEqual([{ rule: 'AwsSolutions-S1', construct: 'Sendoff/Sendoff/BodyBucket/Resource' }]);
  });
});
