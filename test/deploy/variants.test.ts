import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lib/config.ts';
import { adaptToMiniStack } from './ministack-template.ts';
import { variants } from './variants.ts';

describe('variants', () => {
  it.each(variants)('$name has options that the stack accepts, before and after its update', ({ config, changed }) => {
    expect(() => parseConfig(config)).not.toThrow();
    expect(parseConfig({ ...config, ...changed })).not.toEqual(parseConfig(config));
  });

  it.each(variants)('$name names files of the end-to-end suite that exist', ({ suite }) => {
    for (const file of suite) expect(existsSync(join(import.meta.dirname, '..', '..', file))).toBe(true);
  });

  it('have different stages', () => {
    expect(new Set(variants.map(({ config }) => config.stage)).size).toBe(variants.length);
  });
});

describe('a template for MiniStack', () => {
  it('has every alarm under its name, and no metric math', () => {
    const plain = {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { MetricName: 'Errors', Namespace: 'AWS/Lambda', Threshold: 1 },
    };
    const math = { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [{ Id: 'ratio' }], Threshold: 4 } };
    const template = { Resources: { Plain: plain, Math: math } };
    adaptToMiniStack(template);
    expect(template.Resources.Plain).toBe(plain);
    expect(template.Resources.Math).toEqual({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { Threshold: 4, Namespace: 'NotInMiniStack', MetricName: 'Math', Statistic: 'Sum', Period: 60 },
    });
  });
});
