import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { DocumentTable } from '../../../lib/constructs/document-table.ts';

describe('the table', () => {
  const stack = new Stack(new App(), 'Stack');
  new DocumentTable(stack, 'Table', { removeData: false, warmWriteUnits: 0, warmReadUnits: 0 });
  const template = Template.fromStack(stack);

  it('finds documents by key, and by two sparse indexes of keys', () => {
    const index = (name: string) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: `${name}Partition`, KeyType: 'HASH' },
        { AttributeName: `${name}Sort`, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    });
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [index('list'), index('due')],
    });
  });

  it('is on demand, deletes expired documents, and can be restored to any second', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('takes what DynamoDB gives a new table, or more by option; never less, which DynamoDB refuses', () => {
    const table = (warmWriteUnits: number, warmReadUnits: number) => {
      const other = new Stack(new App(), 'Stack');
      new DocumentTable(other, 'Table', { removeData: false, warmWriteUnits, warmReadUnits });
      const [resource] = Object.values(Template.fromStack(other).findResources('AWS::DynamoDB::Table'));
      const { WarmThroughput, GlobalSecondaryIndexes } = resource?.Properties ?? {};
      return [
        WarmThroughput,
        ...GlobalSecondaryIndexes.map((index: { WarmThroughput?: object }) => index.WarmThroughput),
      ];
    };
    expect(table(0, 0)).toEqual([undefined, undefined, undefined]);
    expect(table(4_000, 12_000)).toEqual([undefined, undefined, undefined]);
    expect(table(6_000, 0)).toEqual([{ WriteUnitsPerSecond: 6_000 }, undefined, undefined]);
    const index = { WriteUnitsPerSecond: 10_000 };
    expect(table(20_000, 30_000)).toEqual([{ WriteUnitsPerSecond: 20_000, ReadUnitsPerSecond: 30_000 }, index, index]);
  });
});
