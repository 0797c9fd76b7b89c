import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { queueNameOf } from '../../backend/sqs-depths.ts';
import { type Deployment, output } from '../../deployment.ts';
import { type DeadLetter, type DeadLetterQueue, readBody } from './queue.ts';

/** Long enough for a person's answer to nothing: questions are asked before, not between, receiving and deleting. */
const HIDDEN_SECONDS = 60;
const BATCH = 10;

/** The dead-letter queue that all SQS queues of a deployment share. */
export function sqsDeadLetters(deployment: Deployment, table: Table): DeadLetterQueue {
  const QueueUrl = output(deployment, 'DeadLetterQueueUrl');
  const client = new SQSClient(deployment.aws);
  const letterOf = createLetterOf(client, QueueUrl, deployment, table);
  return {
    async receive() {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: HIDDEN_SECONDS,
          // Long polling asks all of SQS's servers: an empty answer then means an empty queue. Here there is one server.
          WaitTimeSeconds: deployment.local ? 0 : 1,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map(letterOf);
    },
    async depth() {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      return Number(Attributes.ApproximateNumberOfMessages ?? 0);
    },
  };
}

function createLetterOf(client: SQSClient, QueueUrl: string, deployment: Deployment, table: Table) {
  return (message: Message): DeadLetter => {
    const { MessageId = '', ReceiptHandle, Body = '', Attributes = {}, MessageAttributes } = message;
    const read = readBody(Body);
    const source = sourceOf(deployment, Attributes.DeadLetterQueueSourceArn);
    const deleteIt = async () => {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    };
    return {
      id: MessageId,
      body: Body,
      ...read,
      queuedAtMs: Number(Attributes.SentTimestamp ?? 0),
      receiveCount: Number(Attributes.ApproximateReceiveCount ?? 0),
      sourceQueue: source?.name,
      // Send, then delete: cut off in between, the job runs twice, and the claim lets only one of the two do anything.
      // (SQS's own redrive needs a permission more, and the local cloud does not have it.)
      async redrive() {
        const home = source?.url ?? (read.job && (await queueOfEmail(deployment, table, read.emailId)));
        if (!home) return false;
        await client.send(new SendMessageCommand({ QueueUrl: home, MessageBody: Body, MessageAttributes }));
        await deleteIt();
        return true;
      },
      delete: deleteIt,
      async release() {
        const shown = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 };
        await client.send(new ChangeMessageVisibilityCommand(shown));
      },
    };
  };
}

/** The queue that SQS says it moved the message from; what was put here by hand came from none. */
function sourceOf({ outputs }: Deployment, arn: string | undefined): { name: string; url?: string } | undefined {
  const physicalName = arn?.split(':').at(-1);
  if (!physicalName) return undefined;
  const [output, url] = Object.entries(outputs).find(([, value]) => value.endsWith(`/${physicalName}`)) ?? [];
  return output && url ? { name: queueNameOf(output), url } : { name: physicalName };
}

/** For a job of unknown origin the queue of its email; there is none on SQS where emails travel otherwise. */
async function queueOfEmail(
  { outputs }: Deployment,
  table: Table,
  emailId: string | undefined,
): Promise<string | undefined> {
  const record = emailId === undefined ? undefined : await table.get<EmailRecord>(recordKey(emailId));
  return record?.queue === 'bulk' ? outputs.BulkQueueUrl : outputs.TransactionalQueueUrl;
}
