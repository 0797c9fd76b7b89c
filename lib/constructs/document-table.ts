import { AttributeType, BillingMode, ProjectionType, Table, type WarmThroughput } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { IndexName } from '../../functions/core/ports/table.ts';

export interface DocumentTableProps {
  /** Delete the table with the stack. False: it stays, protected against deletion. */
  readonly removeData: boolean;
  /** Units a second that the table takes at once; 0: what DynamoDB gives a new table. */
  readonly warmWriteUnits: number;
  readonly warmReadUnits: number;
}

/**
 * The table of all documents, on demand. A document is in an index if it has the two attributes of that index. An index
 * holds keys only.
 */
export class DocumentTable extends Table {
  constructor(scope: Construct, id: string, { removeData, warmWriteUnits, warmReadUnits }: DocumentTableProps) {
    super(scope, id, {
      partitionKey: { name: 'key', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...warm({ writeUnitsPerSecond: warmWriteUnits, readUnitsPerSecond: warmReadUnits }),
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
        // Accepting writes one entry for five write units of the table, a scheduled email three more.
        ...warm({ writeUnitsPerSecond: Math.floor(warmWriteUnits / 2) }),
      });
    }
  }
}

/** Units a second that a new on-demand table and index take at once. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html */
const NEW_WRITE_UNITS = 4_000;
const NEW_READ_UNITS = 12_000;

/** The property, without values that DynamoDB would refuse as too low. */
function warm({ writeUnitsPerSecond = 0, readUnitsPerSecond = 0 }: WarmThroughput): {
  warmThroughput?: WarmThroughput;
} {
  const warmThroughput = {
    ...(writeUnitsPerSecond > NEW_WRITE_UNITS ? { writeUnitsPerSecond } : {}),
    ...(readUnitsPerSecond > NEW_READ_UNITS ? { readUnitsPerSecond } : {}),
  };
  return Object.keys(warmThroughput).length > 0 ? { warmThroughput } : {};
}
