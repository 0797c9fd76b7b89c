import { type Context, Hono } from 'hono';
import { BROADCAST_PARTITION, type Broadcast, broadcastKey } from '../../core/broadcast/broadcast.ts';
import { progressOf, readCounts } from '../../core/broadcast/counting/progress.ts';
import {
  cancelBroadcast,
  pauseBroadcast,
  resumeBroadcast,
  type SendOptions,
  sendBroadcast,
} from '../../core/broadcast/lifecycle.ts';
import { addRecipients, parseRecipients } from '../../core/broadcast/recipients.ts';
import {
  changeBroadcast,
  createBroadcast,
  deleteBroadcast,
  duplicateBroadcast,
  findBroadcast,
  findContent,
  findCreated,
} from '../../core/broadcast/store.ts';
import { testBroadcast } from '../../core/broadcast/test-send.ts';
import { listPage } from '../../core/document/list.ts';
import { checkIdempotencyKey } from '../../core/email/accept/idempotency.ts';
import { parseScheduledAt } from '../../core/email/accept/schedule-time.ts';
import type { SubmitDependencies } from '../../core/email/accept/submit.ts';
import { invalid } from '../../core/errors.ts';
import { sha256 } from '../../core/ids.ts';
import { SENDING_KEY, type SendingState } from '../../core/pacing/sending-state.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson, readOptionalJson } from '../read-json.ts';
import { broadcastChange, newBroadcast } from './request.ts';
import {
  changeBroadcastSchema,
  createBroadcastSchema,
  pieceSchema,
  sendBroadcastSchema,
  testBroadcastSchema,
} from './schema.ts';
import { broadcastDetail, broadcastSummary } from './view.ts';

export interface BroadcastRouteDependencies extends SubmitDependencies {
  /** The most recipients a second that this deployment may use; absent: all that the account has. */
  readonly maxRatePerSecond?: number | undefined;
  /** Broadcasts without an unsubscribe link get one; true if absent. */
  readonly broadcastFooter?: boolean;
}

/** The routes under `/broadcasts`. */
export function broadcastRoutes(dependencies: BroadcastRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  createRoute(routes, dependencies);
  readRoutes(routes, dependencies);
  changeRoutes(routes, dependencies);
  moveRoutes(routes, dependencies);
  return routes;
}

const CREATE_FIELDS = [...Object.keys(createBroadcastSchema.def.shape), 'recipients'];
const CHANGE_FIELDS = Object.keys(changeBroadcastSchema.def.shape).filter(
  (name) => name !== 'id' && name !== 'broadcast_id',
);

function createRoute(routes: Hono<Caller>, dependencies: BroadcastRouteDependencies): void {
  const { table } = dependencies.backend;

  routes.post('/', async (context) => {
    const { payload, value } = await readJson(context);
    const { recipients, rest } = splitRecipients(value);
    const { send, scheduled_at, ...input } = validate(createBroadcastSchema, rest, CREATE_FIELDS);
    if (scheduled_at && !send)
      throw invalid('Invalid `scheduled_at` field: it needs `send: true`.', 'validation_error');
    const idempotencyKey = keyOf(context);
    const keyed = idempotencyKey && {
      keyId: context.get('apiKey').id,
      idempotencyKey,
      fingerprint: sha256(payload).slice(0, 32),
    };
    const before = keyed ? await findCreated(keyed, dependencies) : undefined;
    // A repeated request does nothing again, even if its segment is gone or its time has passed.
    if (before && before.status !== 'draft') return context.json(reference(before.id), 201);
    // An empty list: its recipients come in pieces.
    const list = Array.isArray(recipients) && recipients.length === 0 && !send ? [] : listOf(recipients);
    const scheduledAtMs = await timeOf(scheduled_at, dependencies.now());
    const made = await newBroadcast(input, { listed: list !== undefined }, table);
    const { id } = await createBroadcast(made, dependencies, keyed || undefined);
    if (list?.length) await addRecipients(id, { offset: 0, recipients: list }, dependencies);
    const sentWith = idempotencyKey && sentWithOf('POST /broadcasts', idempotencyKey);
    if (send) await sendBroadcast(id, { scheduledAtMs, sentWith }, dependencies);
    return context.json(reference(id), 201);
  });

  routes.post('/:id/recipients', async (context) => {
    const { recipients, rest } = splitRecipients((await readJson(context)).value);
    const { offset } = validate(pieceSchema, rest, ['recipients', 'offset']);
    if (recipients == null) throw invalid('Missing `recipients` field.', 'missing_required_field');
    const piece = { offset: offset ?? 0, recipients: parseRecipients(recipients) };
    const id = idOf(context);
    return context.json({ ...reference(id), ...(await addRecipients(id, piece, dependencies)) });
  });
}

/** `recipients` apart from the other fields: a schema would take too long for 50,000 of them. */
function splitRecipients(value: unknown): { recipients?: unknown; rest: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { rest: value };
  const { recipients, ...rest } = value as Record<string, unknown>;
  return { recipients, rest };
}

const listOf = (recipients: unknown) => (recipients == null ? undefined : parseRecipients(recipients));

function readRoutes(routes: Hono<Caller>, dependencies: BroadcastRouteDependencies): void {
  const { backend, now, maxRatePerSecond = Number.POSITIVE_INFINITY } = dependencies;
  const { table } = backend;

  routes.get('/', async (context) => {
    const page = context.req.query();
    const { items, hasMore } = await listPage<Broadcast>(table, BROADCAST_PARTITION, broadcastKey, page);
    return context.json({ object: 'list', has_more: hasMore, data: items.map(broadcastSummary) });
  });

  routes.get('/:id', async (context) => {
    const broadcast = await findBroadcast(table, idOf(context));
    const [content, counts, sending] = await Promise.all([
      findContent(table, broadcast),
      readCounts(table, broadcast.id),
      table.get<SendingState>(SENDING_KEY),
    ]);
    const rate = sending?.held ? 0 : Math.min(sending?.ratePerSecond ?? 0, maxRatePerSecond);
    return context.json(broadcastDetail(broadcast, content, progressOf(broadcast, counts, rate, now())));
  });
}

function changeRoutes(routes: Hono<Caller>, dependencies: BroadcastRouteDependencies): void {
  const { table } = dependencies.backend;

  routes.patch('/:id', async (context) => {
    const { value } = await readJson(context);
    const change = await broadcastChange(validate(changeBroadcastSchema, value, CHANGE_FIELDS), table);
    const id = idOf(context);
    await changeBroadcast(id, change, dependencies);
    return context.json(reference(id));
  });

  routes.delete('/:id', async (context) => {
    const id = idOf(context);
    await deleteBroadcast(id, dependencies);
    return context.json({ ...reference(id), deleted: true });
  });

  routes.post('/:id/duplicate', async (context) =>
    context.json(reference(await duplicateBroadcast(idOf(context), dependencies))),
  );

  routes.post('/:id/test', async (context) => {
    const { payload, value } = await readJson(context);
    const to = [validate(testBroadcastSchema, value, ['to']).to].flat();
    const id = idOf(context);
    const { broadcastFooter: footer = true } = dependencies;
    const ids = await testBroadcast(id, { to, footer, payload, keyId: context.get('apiKey').id }, dependencies);
    return context.json({ ...reference(id), emails: ids.map((email) => ({ id: email })) });
  });
}

function moveRoutes(routes: Hono<Caller>, dependencies: BroadcastRouteDependencies): void {
  routes.post('/:id/send', async (context) => {
    const { value } = await readOptionalJson(context);
    const { scheduled_at } = validate(sendBroadcastSchema, value, ['scheduled_at']);
    const id = idOf(context);
    const idempotencyKey = keyOf(context);
    const sentWith = idempotencyKey && sentWithOf(context.get('apiKey').id, idempotencyKey);
    const options = async (): Promise<SendOptions> => ({
      scheduledAtMs: await timeOf(scheduled_at, dependencies.now()),
      sentWith,
    });
    // A repeated request does nothing; its time may have passed.
    const { sentWith: before } = await findBroadcast(dependencies.backend.table, id);
    if (sentWith === undefined || before !== sentWith) await sendBroadcast(id, await options(), dependencies);
    return context.json(reference(id));
  });

  for (const [path, move] of [
    ['/:id/cancel', cancelBroadcast],
    ['/:id/pause', pauseBroadcast],
    ['/:id/resume', resumeBroadcast],
  ] as const)
    routes.post(path, async (context) => {
      const id = idOf(context);
      await move(id, dependencies);
      return context.json(reference(id));
    });
}

const idOf = (context: Context): string => context.req.param('id') ?? '';
const reference = (id: string) => ({ object: 'broadcast', id });

/** The idempotency key of a request; undefined without one. */
function keyOf(context: Context): string | undefined {
  const key = context.req.header('idempotency-key');
  checkIdempotencyKey(key);
  return key;
}

const sentWithOf = (scope: string, idempotencyKey: string): string =>
  sha256(JSON.stringify([scope, idempotencyKey])).slice(0, 32);

const timeOf = async (text: string | null | undefined, nowMs: number): Promise<number | undefined> =>
  text == null ? undefined : parseScheduledAt(text, nowMs);
