import { describe, expect, it } from 'vitest';
import type { TemplateResource } from '../../lib/synth.ts';
import { compareTemplates } from './comparison.ts';

const queue: TemplateResource = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } };
const table: TemplateResource = {
  Type: 'AWS::DynamoDB::Table',
  Properties: { KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }] },
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
};
const role: TemplateResource = { Type: 'AWS::IAM::Role', Properties: { Description: 'old' } };
const compare = (before: Record<string, TemplateResource>, after: Record<string, TemplateResource>) =>
  compareTemplates({ Resources: before }, { Resources: after });

describe('two templates', () => {
  it('that are equal have no difference, whatever the order of keys', () => {
    const reordered = { ...queue, Properties: { b: { d: 1, c: 2 }, a: 1 } };
    const other = { ...queue, Properties: { a: 1, b: { c: 2, d: 1 } } };
    expect(compare({ Jobs: reordered }, { Jobs: other })).toEqual({ differences: [], losses: [] });
  });

  it('differ in what is added, removed and changed, which has its path', () => {
    const changed = { ...role, Properties: { Description: 'new', Tags: [1] } };
    expect(compare({ Role: role, Old: role }, { Role: changed, New: role }).differences).toEqual([
      '+ AWS::IAM::Role New',
      '- AWS::IAM::Role Old',
      '~ AWS::IAM::Role Role: Description, Tags',
    ]);
  });

  it('differ in properties where there were none', () => {
    const topic = { Type: 'AWS::SNS::Topic' };
    expect(compare({ It: topic }, { It: { ...topic, Properties: { A: 1 } } }).differences).toEqual([
      '~ AWS::SNS::Topic It: Properties',
    ]);
  });

  it('differ in outputs', () => {
    const before = { Resources: {}, Outputs: { A: { Value: 1 }, B: { Value: 1 } } };
    const after = { Resources: {}, Outputs: { B: { Value: 2 }, C: { Value: 1 } } };
    expect(compareTemplates(before, after).differences).toEqual(['- Output A', '~ Output B: Value', '+ Output C']);
  });

  it('do not differ in the hashes of assets', () => {
    const code = (digit: string) => ({
      Type: 'AWS::Lambda::Function',
      Properties: { S3Key: `${digit.repeat(64)}.zip` },
    });
    expect(compare({ Send: code('a') }, { Send: code('b') }).differences).toEqual([]);
  });
});

describe('an update of a deployed stack', () => {
  it('loses nothing when stateless resources are renamed, or a queue gets another time-out', () => {
    const slower = { ...queue, Properties: { VisibilityTimeout: 90 } };
    expect(compare({ Role: role, Jobs: queue }, { NewRole: role, Jobs: slower }).losses).toEqual([]);
  });

  it('loses a stateful resource whose logical id changes', () => {
    expect(compare({ Jobs: queue }, { NewJobs: queue }).losses).toEqual([
      'AWS::SQS::Queue Jobs is removed or has another logical id',
    ]);
  });

  it('loses a stateful resource of another type', () => {
    expect(compare({ Jobs: queue }, { Jobs: role }).losses).toEqual(['AWS::SQS::Queue Jobs is now a AWS::IAM::Role']);
  });

  it.each([
    ['a physical name', queue, { ...queue, Properties: { ...queue.Properties, QueueName: 'jobs' } }],
    ['another key', table, { ...table, Properties: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] } }],
  ])('replaces a stateful resource that gets %s', (_what, before, after) => {
    expect(compare({ It: before }, { It: after }).losses).toEqual([expect.stringContaining('It is replaced: ')]);
  });

  it('must not stop retaining data', () => {
    expect(compare({ It: table }, { It: { ...table, DeletionPolicy: 'Delete' } }).losses).toEqual([
      'AWS::DynamoDB::Table It is no longer retained: DeletionPolicy changes',
    ]);
  });
});
