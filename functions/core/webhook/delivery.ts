import * as z from 'zod/mini';
import { timeSort } from '../document/time-sort.ts';
import { type Body, bodyKey, unpackBody } from '../email/body.ts';
import { type EmailRecord, recordKey } from '../email/record.ts';
import { unavailable } from '../errors.ts';
import type { WebhookEvent, WebhookEventType } from '../event.ts';
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
/** How long what was told, and how it went, can be looked up. */
const KEPT_MS = 30 * DAY_MS;
/** Attempts a delivery can have, replays included: a document holds 400 KB. */
export const MAX_DELIVERY_ATTEMPTS = 100;

/** How an endpoint answered. */
export type WebhookAnswer = {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The first kilobyte of the answer, or why there was none. */
  readonly response: string;
};

/** Posts to an endpoint that has `timeoutMs` for its whole answer; never rejects: no answer is an answer too. */
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
};

/** One event for one endpoint, and how outgoing it went. */
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
  /** What to tell; absent when it is told again: the payload is kept. */
  readonly event?: WebhookEvent | undefined;
  /** Set when someone asked for it to be told again. */
  readonly replay?: boolean | undefined;
};

const args = z.custom<Args & FieldValue>(
  (value) => z.object({ webhookId: z.string(), eventId: z.string() }).safeParse(value).success,
);

/** Tells one endpoint of one event. */
export const deliverWebhook = task(
  'webhook.deliver',
  {
    args,
    queue: 'webhook',
    retry: webhookRetry,
    // The event holds a recipient.
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
      return log.info('webhook not told: it is disabled or gone', { webhookId, eventId });
    }
    // The same event queued twice: SNS and SQS deliver at least once.
    if (delivery?.status === 'success' && !replay) return;
    // Who asks for a replay finds out at once whether the endpoint is back.
    if (!(await mayAttempt(webhook, { run, atOnce: replay === true }, dependencies))) return;
    const payload = delivery?.payload ?? (event && (await payloadOf(event, dependencies)));
    if (payload === undefined) return log.warn('webhook not told: its email is gone', { webhookId, eventId });
    await attempt({ webhook, eventId, event, payload, delivery }, run, dependencies);
  },
);

/** Posts once and keeps how it went; throws a retryable error unless it succeeded or goes on on the slow queue. */
async function attempt(outgoing: OutgoingEvent, run: Run, dependencies: DeliveryDependencies): Promise<void> {
  const { table, post } = dependencies;
  const { webhook, eventId, payload } = outgoing;
  const { queue, now } = run;
  const startedAtMs = now();
  const secrets = validSecrets(webhook, startedAtMs);
  const headers = signatureHeaders({ eventId, payload, secrets }, startedAtMs);
  const { timedOut = false, ...answer } = await post(webhook.endpoint, headers, payload, answerTimeoutMs(queue));
  const timing = timingOf(answer, { startedAtMs, endedAtMs: now(), timedOut });
  if (queue === 'webhook' && !timing.answered) {
    await noteAttempt(outgoing, { startedAtMs, answer, next: 'now' }, run, table);
    return moveToSlowQueue(webhook, run, dependencies);
  }
  const next = succeeded(answer) ? 'none' : 'by timetable';
  await noteAttempt(outgoing, { startedAtMs, answer, next }, run, table);
  if (queue !== 'webhook') await noteTiming(table, webhook, timing);
  if (succeeded(answer)) return;
  const failure = `The endpoint ${describe(answer)}`;
  // The many jobs of a paused endpoint share its attempts, so that none of them may come to the end of its timetable.
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

/** Disables an endpoint that has not once succeeded since `sinceMs`. */
async function disable(
  table: Table,
  { webhookId, eventId, sinceMs, failure }: { webhookId: string; eventId: string; sinceMs: number; failure: string },
  { now, log }: Run,
): Promise<void> {
  const reason = `Every attempt since ${new Date(sinceMs).toISOString()} has failed. The last: ${failure}`;
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
  /** When it is tried again; `now`: on the slow queue, which is the same try. */
  readonly next: 'none' | 'now' | 'by timetable';
}

/** Keeps what happened, for people to look up, and whether the endpoint works. */
async function noteAttempt(
  { webhook, eventId, event, payload, delivery }: OutgoingEvent,
  { startedAtMs, answer, next: nextTry }: AttemptResult,
  { job, now }: Run,
  table: Table,
): Promise<void> {
  const nowMs = now();
  const ok = succeeded(answer);
  const wait = nextTry === 'now' ? 0 : webhookRetry.waitsSeconds[job.attempt - 1];
  const count = delivery?.attempts.length ?? 0;
  const ended = { id: `${eventId}-${count + 1}`, atMs: startedAtMs, durationMs: nowMs - startedAtMs, ...answer };
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

/** Written only when it changes: an endpoint that works costs nothing. */
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
