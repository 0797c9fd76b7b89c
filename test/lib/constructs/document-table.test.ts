import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, it } from 'vitest';
import { DocumentTable } from '../../../lib/constructs/document-table.ts';

describe('the table', () => {
  const stack = new Stack(new App(), 'Stack');
  new DocumentTable(stack, 'Table', { removeData: false });
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
});
