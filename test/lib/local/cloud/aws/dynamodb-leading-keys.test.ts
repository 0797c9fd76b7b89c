import { describe, expect, it } from 'vitest';
import { leadingKeys } from '../../../../../lib/local/cloud/aws/dynamodb-leading-keys.ts';

const item = (value: string) => ({ pk: { S: value }, other: { S: 'x' } });

describe('the leading keys of a request', () => {
  it.each<[string, unknown, string[]]>([
    ['a read, an update, a deletion', { Key: { pk: { S: 'email#1' } } }, ['email#1']],
    ['a put', { Item: item('email#1') }, ['email#1']],
    ['a number', { Key: { pk: { N: '7' } } }, ['7']],
    ['every item of a batch of reads', { Keys: [item('email#1'), item('api-key#1')] }, ['email#1', 'api-key#1']],
    [
      'every item of a batch of writes',
      [{ PutRequest: { Item: item('email#1') } }, { DeleteRequest: { Key: item('api-key#1') } }],
      ['email#1', 'api-key#1'],
    ],
    [
      'the partition of a query',
      {
        KeyConditionExpression: '#p = :p AND #s BETWEEN :a AND :b',
        ExpressionAttributeNames: { '#p': 'pk', '#s': 'sort' },
        ExpressionAttributeValues: { ':p': { S: 'email#0' }, ':a': { S: 'a' }, ':b': { S: 'b' } },
      },
      ['email#0'],
    ],
    [
      'the partition of a query that names it last',
      {
        KeyConditionExpression: 'sk = :s and pk=:p',
        ExpressionAttributeValues: { ':p': { S: 'email#0' }, ':s': { S: 'email#9' } },
      },
      ['email#0'],
    ],
    [
      'the partition of a query in the old form',
      { KeyConditions: { pk: { ComparisonOperator: 'EQ', AttributeValueList: [{ S: 'email#0' }] } } },
      ['email#0'],
    ],
    ['nothing for a scan', {}, []],
    ['nothing for a key of another name', { Key: { other: { S: 'email#1' } } }, []],
  ])('are those of %s', (_what, request, keys) => {
    expect(leadingKeys(request, 'pk')).toEqual(keys);
  });
});
