import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { acceptEmail } from 'sendoff/accept';

const client = new DynamoDBClient();

export async function handler({ body }) {
  const { email } = JSON.parse(body);
  await client.send(new PutItemCommand({ TableName: process.env.CUSTOMERS, Item: { email: { S: email } } }));
  return acceptEmail({
    from: 'Shop <shop@example.com>',
    to: email,
    reply_to: process.env.REPLY_TO,
    subject: 'Welcome',
    text: 'Good to have you.',
  });
}
