import * as z from 'zod/mini';
import { timeSort } from '../document/time-sort.ts';
import { type Body, bodyKey, unpackBody } from '../email/body.ts';
import { type EmailRecord, recordKey } from '../email/record.ts';
import { unavailable } from '../errors.ts';
import type { WebhookEvent, WebhookEventType } from '../event.ts';
import { iso } from '../iso-time.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Broker } from '../ports/broker.ts';
import type { FieldValue, Table } from '../ports/table.ts';
import { webhookRetry, webhookRetrySpanMs } from '../task/retry.ts';
import { type Run, task } from '../task/task.ts';
import { disableFailing, noteFailing, noteWorking, validSecrets, type Webhook, webhookKey } from './endpoint.ts';
import { emailPayload, subjectPayload } from './payload.ts';
import { signatureHeaders } from './signature.ts';
import {
  type AttemptTiming,
  answerTimeoutMs,
  mayAttempt,
  moveToSlowQueue,
  noteTiming,
  PROMPT_MS,
} from './slow-endpoints.ts';

const DAY_MS = 86_400_000;
/** How long deliveries can be looked up. */
const KEPT_MS = 30 * DAY_MS;
/** The most attempts of a delivery, replays included: a document holds 400 KB. */
export const MAX_DELIVERY_ATTEMPTS = 100;

/** The answer of an endpoint. */
export type WebhookAnswer = {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The first kilobyte of the answer, or why there was none. */
  readonly response: string;
};

/** Posts to an endpoint that has `timeoutMs` for its whole answer. Never rejects: without an answer the status is 0. */
export type PostWebhook = (
  url: string,
  headers: Readonly<Record<string, string>>,
  payload: string,
  timeoutMs: number,
) => Promise<WebhookAnswer & { readonly timedOut?: boolean }>;

export type DeliveryAttempt = WebhookAnswer & {
  readonly id: string;
  readonly atMs: number;
  readonly durationMs: number;
  /** Made with the secret that was current; absent on attempts of version 0.2 and before. */
  readonly signature?: string;
};

/** The delivery of one event to one endpoint, with its attempts. */
export type WebhookDelivery = {
  readonly id: string;
  readonly webhookId: string;
  readonly type: WebhookEventType;
  readonly createdAtMs: number;
  readonly status: 'attempting' | 'success' | 'failed';
  readonly nextAttemptAtMs?: number;
  readonly payload: string;
  readonly attempts: readonly DeliveryAttempt[];
};

export const deliveryPartition = (webhookId: string): string => `webhook-event#${webhookId}`;
export const deliveryKey = (webhookId: string, eventId: string): string => `${deliveryPartition(webhookId)}#${eventId}`;

export interface DeliveryDependencies {
  readonly table: Table;
  readonly broker: Broker;
  readonly random: () => number;
  readonly bodies: BodyStore;
  readonly post: PostWebhook;
  /** The AWS region, a part of Message-ID headers. */
  readonly region: string;
}

type Args = {
  readonly webhookId: string;
  readonly eventId: string;
  /** Absent on a replay: the payload is stored. */
  readonly event?: WebhookEvent | undefined;
  /** Set when someone asked for another delivery. */
  readonly replay?: boolean | undefined;
};

const args = z.custom<Args & FieldValue>(
  (value) => z.object({ webhookId: z.string(), eventId: z.string() }).safeParse(value).success,
);

/** Delivers one event to one endpoint. */
export const deliverWebhook = task(
  'webhook.deliver',
  {
    args,
    queue: 'webhook',
    retry: webhookRetry,
    // Without the event, which holds a recipient.
    logged: ({ webhookId, eventId }) => ({ webhookId, eventId }),
    onFailed: async ({ webhookId, eventId }, error, run, { table }: DeliveryDependencies) => {
      const delivery = await endDelivery(table, webhookId, eventId);
      const sinceMs = delivery?.attempts[0]?.atMs ?? 0;
      await disable(table, { webhookId, eventId, sinceMs, failure: error.message }, run);
    },
  },
  async ({ webhookId, eventId, event, replay }, run, dependencies) => {
    const { table } = dependencies;
    const { log } = run;
    const [found, kept] = await table.getMany([webhookKey(webhookId), deliveryKey(webhookId, eventId)]);
    const webhook = found as Webhook | undefined;
    const delivery = kept as WebhookDelivery | undefined;
    if (webhook?.status !== 'enabled' && !(webhook && replay)) {
      if (delivery) await endDelivery(table, webhookId, eventId);
      return log.info('event not delivered: its webhook is disabled or deleted', { webhookId, eventId });
    }
    // The same event may be queued twice: SNS and SQS deliver at least once.
    if (delivery?.status === 'success' && !replay) return;
    // A replay shows at once whether the endpoint is back.
    if (!(await mayAttempt(webhook, { run, atOnce: replay === true }, dependencies))) return;
    const payload = delivery?.payload ?? (event && (await payloadOf(event, dependencies)));
    if (payload === undefined) return log.warn('event not delivered: its email has expired', { webhookId, eventId });
    await attempt({ webhook, eventId, event, payload, delivery }, run, dependencies);
  },
);

/** Posts once and records the attempt; throws a retryable error unless it succeeded or continues on the slow queue. */
async function attempt(outgoing: OutgoingEvent, run: Run, dependencies: DeliveryDependencies): Promise<void> {
  const { table, post } = dependencies;
  const { webhook, eventId, payload } = outgoing;
  const { queue, now } = run;
  const startedAtMs = now();
  const secrets = validSecrets(webhook, startedAtMs);
  const headers = signatureHeaders({ eventId, payload, secrets }, startedAtMs);
  const { timedOut = false, ...answer } = await post(webhook.endpoint, headers, payload, answerTimeoutMs(queue));
  const sent = { startedAtMs, answer, signature: headers['svix-signature']?.split(' ')[0] };
  const timing = timingOf(answer, { startedAtMs, endedAtMs: now(), timedOut });
  if (queue === 'webhook' && !timing.answered) {
    await noteAttempt(outgoing, { ...sent, next: 'now' }, run, table);
    return moveToSlowQueue(webhook, run, dependencies);
  }
  const next = succeeded(answer) ? 'none' : 'retry';
  await noteAttempt(outgoing, { ...sent, next }, run, table);
  if (queue !== 'webhook') await noteTiming(table, webhook, timing);
  if (succeeded(answer)) return;
  const failure = `The endpoint ${describe(answer)}`;
  // The jobs of a paused endpoint share its attempts, so that none of them may reach its last retry.
  const sinceMs = startedAtMs - webhookRetrySpanMs;
  if (!timing.answered && (webhook.failingSinceMs ?? startedAtMs) <= sinceMs)
    await disable(table, { webhookId: webhook.id, eventId, sinceMs, failure }, run);
  throw unavailable(failure);
}

function timingOf(
  { status }: WebhookAnswer,
  { startedAtMs, endedAtMs, timedOut }: { startedAtMs: number; endedAtMs: number; timedOut: boolean },
): AttemptTiming {
  const prompt = !timedOut && endedAtMs - startedAtMs <= PROMPT_MS;
  return { startedAtMs, endedAtMs, prompt, answered: status !== 0 || prompt };
}

/** Disables an endpoint if all its attempts since `sinceMs` have failed. */
async function disable(
  table: Table,
  { webhookId, eventId, sinceMs, failure }: { webhookId: string; eventId: string; sinceMs: number; failure: string },
  { now, log }: Run,
): Promise<void> {
  const reason = `Every attempt since ${iso(sinceMs)} has failed. The last: ${failure}`;
  if (await disableFailing(table, webhookId, { sinceMs, nowMs: now(), reason }))
    log.error('webhook disabled', { webhookId, eventId });
}

const succeeded = ({ status }: WebhookAnswer): boolean => status >= 200 && status < 300;
const describe = ({ status, response }: WebhookAnswer): string =>
  status === 0 ? `did not answer: ${response}` : `answered ${status}`;

async function payloadOf(event: WebhookEvent, { table, bodies, region }: DeliveryDependencies) {
  if (event.emailId === undefined) return subjectPayload(event);
  const record = await table.get<EmailRecord>(recordKey(event.emailId));
  if (!record) return undefined;
  const packed = record.hasHeaders ? await bodies.get(bodyKey(record.id, record.fingerprint)) : undefined;
  const headers: Body['headers'] = packed ? unpackBody(packed).headers : {};
  return emailPayload(event, record, { headers, region });
}

interface OutgoingEvent {
  readonly webhook: Webhook;
  readonly eventId: string;
  readonly event: WebhookEvent | undefined;
  readonly payload: string;
  readonly delivery: WebhookDelivery | undefined;
}

interface AttemptResult {
  readonly startedAtMs: number;
  readonly answer: WebhookAnswer;
  readonly signature: string | undefined;
  /** The next attempt; `now`: on the slow queue, with the same attempt number. */
  readonly next: 'none' | 'now' | 'retry';
}

/** Records the attempt on the delivery, and on the endpoint whether it works. */
async function noteAttempt(
  { webhook, eventId, event, payload, delivery }: OutgoingEvent,
  { startedAtMs, answer, signature, next: nextTry }: AttemptResult,
  { job, now }: Run,
  table: Table,
): Promise<void> {
  const nowMs = now();
  const ok = succeeded(answer);
  const wait = nextTry === 'now' ? 0 : webhookRetry.waitsSeconds[job.attempt - 1];
  const count = delivery?.attempts.length ?? 0;
  const ended: DeliveryAttempt = {
    ...{ id: `${eventId}-${count + 1}`, atMs: startedAtMs, durationMs: nowMs - startedAtMs },
    ...answer,
    ...(signature === undefined ? {} : { signature }),
  };
  const next = ok || wait === undefined ? {} : { nextAttemptAtMs: nowMs + wait * 1000 };
  const state = { status: ok ? 'success' : wait === undefined ? 'failed' : 'attempting', ...next } as const;
  const key = deliveryKey(webhook.id, eventId);
  const update = () =>
    table.update(key, {
      set: state,
      remove: 'nextAttemptAtMs' in next ? [] : ['nextAttemptAtMs'],
      append: { attempts: [ended] },
    });
  const insert = async (type: WebhookEventType) => {
    const fields: WebhookDelivery = {
      ...{ id: eventId, webhookId: webhook.id, type, createdAtMs: startedAtMs, payload },
      ...state,
      attempts: [ended],
    };
    const list = { partition: deliveryPartition(webhook.id), sort: timeSort(startedAtMs, eventId) };
    const { applied } = await table.insert({ key, fields, list, expiresAtMs: startedAtMs + KEPT_MS });
    if (!applied) await update();
  };
  const health = nextTry === 'now' ? undefined : noteHealth(webhook, ok, startedAtMs, table);
  await Promise.all([health, delivery || !event ? update() : insert(event.type)]);
}

/** Writes only when it changes: an endpoint that works costs no write. */
async function noteHealth({ id, failingSinceMs }: Webhook, ok: boolean, atMs: number, table: Table): Promise<void> {
  if (ok && failingSinceMs !== undefined) await noteWorking(table, id);
  if (!ok && failingSinceMs === undefined) await noteFailing(table, id, atMs);
}

async function endDelivery(table: Table, webhookId: string, eventId: string): Promise<WebhookDelivery | undefined> {
  const change = { set: { status: 'failed' }, remove: ['nextAttemptAtMs'] };
  const { document } = await table.update<WebhookDelivery>(deliveryKey(webhookId, eventId), change, [
    { status: { in: ['attempting', 'failed'] } },
  ]);
  return document;
}
