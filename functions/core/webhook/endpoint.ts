import { randomBytes } from 'node:crypto';
import { SendoffError } from '../errors.ts';
import type { WebhookEventType } from '../event.ts';
import { iso } from '../iso-time.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';

/** An endpoint that receives events. */
export type Webhook = {
  readonly id: string;
  readonly endpoint: string;
  /** The types that it subscribes to; empty: all. */
  readonly events: readonly WebhookEventType[];
  readonly status: 'enabled' | 'disabled';
  readonly secret: string;
  /** The secrets that were replaced, newest first; each also signs until its end. */
  readonly previousSecrets?: readonly PreviousSecret[];
  /** In documents from before `previousSecrets`: the secret before the last rotation, and its end. */
  readonly previousSecret?: string;
  readonly previousSecretUntilMs?: number;
  readonly createdAtMs: number;
  /** The first of the attempts that have all failed since, epoch ms. */
  readonly failingSinceMs?: number;
  /** When it first did not answer promptly; its jobs then use the slow queue (slow-endpoints.ts). */
  readonly slowSinceMs?: number;
  /** Set while it does not answer at all: no attempt is made before this time. */
  readonly pausedUntilMs?: number;
  readonly disabledAtMs?: number;
  /** Why Sendoff disabled it. */
  readonly disabledReason?: string;
};

/** A secret that was replaced. */
export type PreviousSecret = {
  readonly secret: string;
  /** Epoch ms. */
  readonly untilMs: number;
};

export const WEBHOOK_PARTITION = 'webhook';
export const webhookKey = (id: string): string => `webhook#${id}`;

/** How long a replaced secret stays valid. */
const ROTATION_MS = 24 * 3_600_000;
/** Every valid secret signs each delivery, so their number is limited. */
export const MAX_PREVIOUS_SECRETS = 5;
/** Standard Webhooks: a secret is 24 to 64 random bytes in base64 behind `whsec_`. */
const SECRET_BYTES = 32;

const newSigningSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** A new endpoint, enabled, with a new secret. */
export function newWebhook({
  id,
  endpoint,
  events,
  nowMs,
}: Pick<Webhook, 'id' | 'endpoint' | 'events'> & { nowMs: number }): Webhook {
  return { id, endpoint, events, status: 'enabled', secret: newSigningSecret(), createdAtMs: nowMs };
}

/** Changes an endpoint. Enabling it clears why it was disabled; a new address clears how the old one answered. */
export function changeWebhook(
  table: Table,
  id: string,
  changes: Partial<Pick<Webhook, 'endpoint' | 'events' | 'status'>>,
): Promise<WriteOutcome<Webhook>> {
  const enabled = changes.status === 'enabled' ? ['failingSinceMs', 'disabledAtMs', 'disabledReason'] : [];
  const fresh = enabled.length > 0 || changes.endpoint !== undefined ? ['slowSinceMs', 'pausedUntilMs'] : [];
  return table.update<Webhook>(webhookKey(id), { set: changes, remove: [...enabled, ...fresh] });
}

/**
 * Gives an endpoint a new secret; a replaced one stays valid for 24 hours. Answers undefined when there is no such
 * endpoint; throws a 422 when `MAX_PREVIOUS_SECRETS` are still valid.
 */
export async function rotateSecret(table: Table, id: string, nowMs: number): Promise<string | undefined> {
  const webhook = await table.get<Webhook>(webhookKey(id));
  if (!webhook) return undefined;
  const valid = validPreviousSecrets(webhook, nowMs);
  if (valid.length >= MAX_PREVIOUS_SECRETS) throw tooManyRotations(valid);
  const secret = newSigningSecret();
  const previousSecrets = [{ secret: webhook.secret, untilMs: nowMs + ROTATION_MS }, ...valid];
  const change = { set: { secret, previousSecrets }, remove: ['previousSecret', 'previousSecretUntilMs'] };
  const { applied } = await table.update(webhookKey(id), change, [{ secret: webhook.secret }]);
  if (!applied) throw new SendoffError('validation_error', 409, 'The secret is being rotated by another request');
  return secret;
}

function tooManyRotations(valid: readonly PreviousSecret[]): SendoffError {
  const nextMs = Math.min(...valid.map(({ untilMs }) => untilMs));
  const message = `The secret was rotated ${valid.length} times in 24 hours; it can be again after ${iso(nextMs)}`;
  return new SendoffError('validation_error', 422, message);
}

/** The secrets that sign now, the current one first. */
export function validSecrets(webhook: Webhook, nowMs: number): string[] {
  return [webhook.secret, ...validPreviousSecrets(webhook, nowMs).map(({ secret }) => secret)];
}

function validPreviousSecrets(webhook: Webhook, nowMs: number): PreviousSecret[] {
  const { previousSecrets = [], previousSecret, previousSecretUntilMs = 0 } = webhook;
  const older = previousSecret === undefined ? [] : [{ secret: previousSecret, untilMs: previousSecretUntilMs }];
  return [...previousSecrets, ...older].filter(({ untilMs }) => untilMs > nowMs);
}

/** Records the time of the first failed attempt. */
export async function noteFailing(table: Table, id: string, atMs: number): Promise<void> {
  await table.update(webhookKey(id), { set: { failingSinceMs: atMs } }, [{ failingSinceMs: { exists: false } }]);
}

/** Records that an attempt succeeded. */
export async function noteWorking(table: Table, id: string): Promise<void> {
  await table.update(webhookKey(id), { remove: ['failingSinceMs'] });
}

/** Disables an endpoint if all its attempts since `sinceMs` have failed; answers whether it did. */
export async function disableFailing(
  table: Table,
  id: string,
  { sinceMs, nowMs, reason }: { sinceMs: number; nowMs: number; reason: string },
): Promise<boolean> {
  const set = { status: 'disabled', disabledAtMs: nowMs, disabledReason: reason };
  const failing = { status: 'enabled', failingSinceMs: { atMost: sinceMs } };
  return (await table.update(webhookKey(id), { set }, [failing])).applied;
}
