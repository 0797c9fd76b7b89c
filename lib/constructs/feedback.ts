import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ConfigurationSet, EmailSendingEvent, EventDestination } from 'aws-cdk-lib/aws-ses';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type DeadLetterQueue, WorkQueue } from './work-queue.ts';

/** Events that do not depend on tracking. */
const DELIVERY_EVENTS = [
  EmailSendingEvent.SEND,
  EmailSendingEvent.REJECT,
  EmailSendingEvent.DELIVERY,
  EmailSendingEvent.DELIVERY_DELAY,
  EmailSendingEvent.BOUNCE,
  EmailSendingEvent.COMPLAINT,
  EmailSendingEvent.RENDERING_FAILURE,
];
/** These events make SES put a pixel into each email and redirect its links over a server of SES. */
const TRACKING_EVENTS = [EmailSendingEvent.OPEN, EmailSendingEvent.CLICK];

export interface FeedbackProps {
  readonly configurationSet: ConfigurationSet;
  readonly deadLetterQueue: DeadLetterQueue;
  readonly maxReceiveCount: number;
  /** The time limit of the function that works on the queue. */
  readonly workerTimeout: Duration;
  /** How long that function waits for a batch to fill. */
  readonly maxBatchingWindow: Duration;
  /** Let SES track opens and clicks. */
  readonly tracking: boolean;
  /** Encrypts the topic; SES must be allowed to use it. Absent: SNS's own encryption. */
  readonly topicKey?: IKey | undefined;
}

/**
 * Brings the events of SES to a queue: SES → SNS → SQS. Not EventBridge, because SES delivers to it at best effort only
 * (https://docs.aws.amazon.com/ses/latest/dg/monitor-sending-using-event-publishing-setup.html).
 * The queue holds the events as SES wrote them, without SNS's envelope.
 */
export class Feedback extends Construct {
  readonly topic: Topic;
  readonly queue: WorkQueue;

  constructor(scope: Construct, id: string, props: FeedbackProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      enforceSSL: true,
      ...(props.topicKey ? { masterKey: props.topicKey } : {}),
    });
    this.queue = new WorkQueue(this, 'Queue', props);
    this.topic.addSubscription(new SqsSubscription(this.queue, { rawMessageDelivery: true }));
    props.configurationSet.addEventDestination('Events', {
      destination: EventDestination.snsTopic(this.topic),
      events: props.tracking ? [...DELIVERY_EVENTS, ...TRACKING_EVENTS] : DELIVERY_EVENTS,
    });
  }
}
