import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { IndexName } from '../../functions/core/ports/table.ts';

export interface DocumentTableProps {
  /** Delete the table with the stack. False: it stays, protected against deletion. */
  readonly removeData: boolean;
}

/**
 * The table of all documents, on demand. A document is in an index if it has the two attributes of that index. An index
 * holds keys only.
 */
export class DocumentTable extends Table {
  constructor(scope: Construct, id: string, { removeData }: DocumentTableProps) {
    super(scope, id, {
      partitionKey: { name: 'key', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !removeData,
      // Also after a failed first deployment: CloudFormation cannot delete a table that is protected. It is empty then, costs
      // nothing, and has a generated name, so that the next deployment does not collide with it.
      removalPolicy: removeData ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    const indexes: IndexName[] = ['list', 'due'];
    for (const index of indexes) {
      this.addGlobalSecondaryIndex({
        indexName: index,
        partitionKey: { name: `${index}Partition`, type: AttributeType.STRING },
        sortKey: { name: `${index}Sort`, type: AttributeType.STRING },
        projectionType: ProjectionType.KEYS_ONLY,
      });
    }
  }
}
