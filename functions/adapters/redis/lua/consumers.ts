import type { Operation } from './operation.ts';

/**
 * Takes a place among the consumers, or that of `replaces`. Answers 0 (no place), 1, or 2 if the consumer is to start a watchdog:
 * it is not `watched`, and no watchdog was started in the last minute.
 */
export const enter = (args: {
  readonly consumer: string;
  readonly replaces: string;
  readonly maxConsumers: number;
  readonly leaseMs: number;
  readonly watched: boolean;
}): Operation => ['enter', args.consumer, args.replaces, args.maxConsumers, args.leaseMs, args.watched];

/**
 * Gives up the place if there is nothing left to do. That is one step: a job that was queued before is seen here, a job that is
 * queued later finds no `@` and has a consumer invoked. Answers 1 (left), 0 (there are jobs), or as text when a job is due soon.
 */
export const leave = (args: { readonly consumer: string }): Operation => ['leave', args.consumer];

/** Takes a place for one consumer more. Answers 1 if there is one; the consumer is then to be invoked. */
export const reserve = (args: { readonly consumer: string; readonly maxConsumers: number }): Operation => [
  'reserve',
  args.consumer,
  args.maxConsumers,
];

/** Gives the place of a consumer to its successor, which is then to be invoked. */
export const handOver = (args: { readonly consumer: string; readonly successor: string }): Operation => [
  'handover',
  args.consumer,
  args.successor,
];

/** Records that a watchdog runs. Answers 1, or 0 if one does already. */
export const watch = (): Operation => ['watch'];

/** Records that the watchdog has ended. */
export const unwatch = (): Operation => ['unwatch'];

/** The consumers are a sorted set of their names by the end of their leases. */
export const consumers = `
local function recordHeartbeat(consumer, leaseMs)
  call('ZADD', CONSUMERS, now + leaseMs, consumer)
  call('ZADD', TIMERS, now + leaseMs, '@')
end

function operations.enter(consumer, replaces, maxConsumers, leaseMs, watched)
  if replaces ~= '' then call('ZREM', CONSUMERS, replaces) end
  call('ZREMRANGEBYSCORE', CONSUMERS, '-inf', now)
  if call('ZCARD', CONSUMERS) >= tonumber(maxConsumers) then return 0 end
  recordHeartbeat(consumer, tonumber(leaseMs))
  if watched == '0' and operations.watch() == 1 then return 2 end
  return 1
end

function operations.leave(consumer)
  if backlog() > 0 then return 0 end
  local timers = call('ZRANGEBYSCORE', TIMERS, 0, now + NEAR_MS, 'WITHSCORES', 'LIMIT', 0, 2)
  local due
  for i = 1, #timers, 2 do
    if timers[i] ~= '@' then due = due or timers[i + 1] end
  end
  local others = call('ZRANGEBYSCORE', CONSUMERS, '(' .. now, '+inf')
  local first = true
  for _, other in ipairs(others) do first = first and other >= consumer end
  -- Only the first of several consumers waits for a job that is due soon.
  if due and first then return due end
  call('ZREM', CONSUMERS, consumer)
  if #others <= 1 then
    call('ZREM', TIMERS, '@')
    consumerAtWork = nil
  end
  return 1
end

function operations.reserve(consumer, maxConsumers)
  if call('ZCOUNT', CONSUMERS, '(' .. now, '+inf') >= tonumber(maxConsumers) then return 0 end
  call('ZADD', CONSUMERS, now + START_MS, consumer)
  return 1
end

function operations.handover(consumer, successor)
  call('ZREM', CONSUMERS, consumer)
  recordHeartbeat(successor, START_MS)
  return 1
end

function operations.watch() return call('SET', WATCHDOG, '1', 'NX', 'PX', WATCH_MS) and 1 or 0 end

function operations.unwatch() return call('DEL', WATCHDOG) end
`;
