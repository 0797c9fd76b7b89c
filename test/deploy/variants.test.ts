import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lib/config.ts';
import { adaptToMiniStack } from './ministack-template.ts';
import { unknownOption, variants } from './variants.ts';

describe('variants', () => {
  it('are of options that the stack knows, or are left out with the reason', () => {
    const known = variants.filter((variant) => unknownOption(variant) === undefined);
    expect(known.map(({ name }) => name)).toContain('default');
    for (const { config, changed } of known) expect(() => parseConfig({ ...config, ...changed })).not.toThrow();
  });

  it('names the option that is not known, or whose value is not', () => {
    expect(unknownOption({ config: { xray: 'true', colour: 'blue' } })).toBe('lib/config.ts knows no colour=blue');
    expect(unknownOption({ config: { xray: 'perhaps' } })).toBe('lib/config.ts knows no xray=perhaps');
  });

  it('stand side by side: no two have one stage', () => {
    expect(new Set(variants.map(({ config }) => config.stage)).size).toBe(variants.length);
  });
});

describe('a template for MiniStack', () => {
  it('keeps every alarm under its name, and metric math out of it', () => {
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
