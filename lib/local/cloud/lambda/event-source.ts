import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, createInternalCall } from '../aws/call.ts';
import type { Pipeline } from '../aws/pipeline.ts';
import type { LocalFunction } from './function.ts';
import type { InvocationResult } from './result.ts';

const receiveLimit = 10;
const longPollSeconds = 20;
const errorPauseMs = 200;
/** The pauses of a throttled batch double. */
const leastThrottledPauseMs = 100;
const mostThrottledPauseMs = 5_000;

/** One queue that triggers one function, as AWS::Lambda::EventSourceMapping describes it. */
export type EventSourceOptions = {
  queueArn: string;
  queueUrl: string;
  region: string;
  target: LocalFunction;
  /** Messages a batch; above 10 only with a window. */
  batchSize: number;
  maximumBatchingWindowSeconds: number;
  /** Batches at once. */
  maximumConcurrency: number;
  reportBatchItemFailures: boolean;
  /** Seconds, fractions allowed; absent: the queue's. */
  visibilityTimeoutSeconds: number | undefined;
  /** How long a received message stays invisible, in seconds. */
  visibleAgainSeconds: () => number;
  pipeline: Pipeline;
  /** Ends the queue's long polls. */
  cancelPolls: () => void;
  /** Called after each batch and each empty poll. */
  onSettled: () => void;
};

/** A running event source mapping. */
export type EventSource = { queueArn: string; busy: () => number; close: () => Promise<void> };

type ReceivedMessage = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, MessageAttribute>;
  MD5OfMessageAttributes?: string;
};
type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string };

/** Starts one long-polling loop; it stops receiving while `maximumConcurrency` batches are in flight. */
export function startEventSource(options: EventSourceOptions): EventSource {
  const caller: Caller = { kind: 'function', functionName: options.target.logicalId, instanceId: undefined };
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  const call = (action: string, input: Record<string, unknown>) => callSqs(options, caller, action, input);
  let concurrency = options.maximumConcurrency;
  /** Lambda reduces the concurrency of a mapping that is throttled, and raises it again with each batch that runs. */
  const onRun = (throttled: boolean) => {
    concurrency = throttled ? Math.max(1, concurrency / 2) : Math.min(options.maximumConcurrency, concurrency + 1);
  };

  const loop = async () => {
    while (!closing.signal.aborted) {
      while (running.size >= concurrency) await Promise.race(running);
      const messages = await collect(options, call, closing.signal);
      if (messages.length === 0) {
        options.onSettled();
        continue;
      }
      const batch = runBatch(options, call, messages, onRun, closing.signal).finally(() => {
        running.delete(batch);
        options.onSettled();
      });
      running.add(batch);
    }
  };
  let ended = false;
  const polling = loop().finally(() => {
    ended = true;
  });
  return {
    queueArn: options.queueArn,
    busy: () => running.size,
    close: async () => {
      closing.abort();
      // The loop may be about to start another long poll: polls are cancelled until the loop has ended.
      while (!ended) {
        options.cancelPolls();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await polling;
      await Promise.all(running);
    },
  };
}

type SqsCall = (action: string, input: Record<string, unknown>) => Promise<Record<string, unknown> | undefined>;

/** Undefined when the call failed: denied, faulted, its answer lost. AWS's poller tries again; so does ours, after a pause. */
async function callSqs(options: EventSourceOptions, caller: Caller, action: string, input: Record<string, unknown>) {
  const answer = await options
    .pipeline(createInternalCall('sqs', action, caller, { QueueUrl: options.queueUrl, ...input }))
    .catch(() => undefined);
  if (answer?.status === 200) return JSON.parse(answer.body.toString()) as Record<string, unknown>;
  return undefined;
}

/** One batch: the messages of one long poll or, with a window, of several until it is full or the window is over. */
async function collect(options: EventSourceOptions, call: SqsCall, closing: AbortSignal): Promise<ReceivedMessage[]> {
  const batch: ReceivedMessage[] = [];
  let deadlineMs = Number.POSITIVE_INFINITY;
  while (!closing.aborted) {
    const waitSeconds = Math.min(longPollSeconds, Math.max(0, (deadlineMs - Date.now()) / 1000));
    const received = await receive(options, call, options.batchSize - batch.length, waitSeconds);
    if (received.length > 0 && batch.length === 0)
      deadlineMs = Date.now() + options.maximumBatchingWindowSeconds * 1000;
    batch.push(...received);
    if (batch.length === 0 || batch.length >= options.batchSize || Date.now() >= deadlineMs) break;
  }
  return batch;
}

async function receive(options: EventSourceOptions, call: SqsCall, free: number, waitSeconds: number) {
  const answer = await call('ReceiveMessage', {
    MaxNumberOfMessages: Math.min(free, receiveLimit),
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    ...(options.visibilityTimeoutSeconds === undefined ? {} : { VisibilityTimeout: options.visibilityTimeoutSeconds }),
  });
  if (answer) return (answer.Messages ?? []) as ReceivedMessage[];
  await new Promise((resolve) => setTimeout(resolve, errorPauseMs));
  return [];
}

async function runBatch(
  options: EventSourceOptions,
  call: SqsCall,
  messages: ReceivedMessage[],
  onRun: (throttled: boolean) => void,
  closing: AbortSignal,
): Promise<void> {
  const payload = JSON.stringify({ Records: messages.map((message) => toRecord(options, message)) });
  const result = await runUnthrottled(options, payload, onRun, closing);
  const failed = failedMessageIds(result, options.reportBatchItemFailures);
  if (failed === 'all') return;
  const done = messages.filter((message) => !failed.has(message.MessageId));
  for (let at = 0; at < done.length; at += receiveLimit) {
    const entries = done
      .slice(at, at + receiveLimit)
      .map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
    await call('DeleteMessageBatch', { Entries: entries });
  }
}

/**
 * A throttled batch is tried again, with growing pauses, until its messages are visible again: then another batch has them.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy
 */
async function runUnthrottled(
  { target, visibleAgainSeconds }: EventSourceOptions,
  payload: string,
  onRun: (throttled: boolean) => void,
  closing: AbortSignal,
): Promise<InvocationResult> {
  const untilMs = Date.now() + visibleAgainSeconds() * 1000;
  for (let pauseMs = leastThrottledPauseMs; ; pauseMs = Math.min(mostThrottledPauseMs, pauseMs * 2)) {
    const result = await target.run(payload);
    onRun(result.throttled ?? false);
    if (!result.throttled || closing.aborted || Date.now() + pauseMs >= untilMs) return result;
    await sleep(pauseMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

/**
 * The messages that return to the queue. All of them, as on AWS, after an error, an answer without a list, an entry without a proper
 * itemIdentifier.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function failedMessageIds(result: InvocationResult, reports: boolean): Set<string> | 'all' {
  if (result.error || result.throttled) return 'all';
  if (!reports) return new Set();
  const answer: unknown = JSON.parse(result.payload || 'null');
  if (answer === null) return new Set();
  if (typeof answer !== 'object') return 'all';
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return 'all';
  const ids = failures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier);
  return ids.every((id) => typeof id === 'string' && id !== '') ? new Set(ids as string[]) : 'all';
}

function toRecord(options: EventSourceOptions, message: ReceivedMessage) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: recordAttributes(message.MessageAttributes ?? {}),
    ...(message.MD5OfMessageAttributes ? { md5OfMessageAttributes: message.MD5OfMessageAttributes } : {}),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: options.queueArn,
    awsRegion: options.region,
  };
}

function recordAttributes(attributes: Record<string, MessageAttribute>) {
  const entries = Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      ...(StringValue === undefined ? {} : { stringValue: StringValue }),
      ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: DataType,
    },
  ]);
  return Object.fromEntries(entries);
}
