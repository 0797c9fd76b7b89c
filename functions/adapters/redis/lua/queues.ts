import type { QueueName } from '../../../core/queues.ts';
import type { InsertArguments, UpdateArguments } from './documents.ts';
import type { Operation } from './operation.ts';

/** A job for a queue. */
export interface SendArguments {
  readonly queue: QueueName;
  readonly job: string;
  /** When it is due, epoch ms; empty for now. */
  readonly jobDue: string;
  /** Keeps equal delayed jobs apart; empty for one that is due now. */
  readonly nonce: string;
}

/** A record, perhaps a body (its key is empty if there is none) and a job. */
export type SubmitArguments = InsertArguments & {
  readonly bodyKey: string;
  readonly body: string;
} & Partial<SendArguments>;

export const send = (args: SendArguments): Operation => ['send', args.queue, args.job, args.jobDue, args.nonce];

/** Writes all of it, or nothing if the record exists or a write fails. Answers as `insert` does. */
export const submit = (args: SubmitArguments): Operation => [
  'submit',
  args.key,
  args.text,
  args.expires,
  args.list,
  args.due,
  args.bodyKey,
  args.body,
  args.queue,
  args.job,
  args.jobDue,
  args.nonce,
];

/** Changes a document and queues a job, or does neither. Answers as `update` does. */
export const updateAndSend = (args: UpdateArguments & SendArguments): Operation => [
  'updatesend',
  args.key,
  args.change,
  args.queue,
  args.job,
  args.jobDue,
  args.nonce,
];

/** Answers the number of jobs that are waiting or with a consumer. */
export const backlog = (): Operation => ['backlog'];

/** Has a consumer invoked unless one is at work. Answers 1. */
export const invoke = (): Operation => ['invoke'];

/**
 * A queue is a stream. `timers` is a sorted set of all that happens at a time: delayed jobs (`queue|nonce|job`), and `@`, the
 * time until which a consumer is known to be at work. So its first entry is all that the watchdog has to look at.
 */
export const queues = `
-- Known after the first job of a run: the others cost no command.
local consumerAtWork

local function needConsumer(due)
  if invoke == 1 or due > now + NEAR_MS then return end
  if consumerAtWork == nil then
    local atWorkUntil = call('ZSCORE', TIMERS, '@')
    consumerAtWork = atWorkUntil and tonumber(atWorkUntil) > now
  end
  if consumerAtWork then return end
  call('ZADD', TIMERS, now + START_MS, '@')
  invoke = 1
end

function operations.send(queue, job, jobDue, nonce)
  local due = jobDue == '' and now or tonumber(jobDue)
  if due > now then call('ZADD', TIMERS, due, queue .. '|' .. nonce .. '|' .. job)
  else call('XADD', streams[queue], '*', 'job', job) end
  needConsumer(due)
  return 1
end

function operations.submit(key, text, expires, list, due, bodyKey, body, queue, job, jobDue, nonce)
  local inserted = operations.insert(key, text, expires, list, due)
  if inserted[1] == 0 then return inserted end
  local ok, problem = pcall(function()
    if bodyKey ~= '' then put(bodyKey, body, expires ~= '' and expires) end
    if queue ~= '' then operations.send(queue, job, jobDue, nonce) end
  end)
  if not ok then
    operations.delete(key, '{}')
    if bodyKey ~= '' then operations.deletebody(bodyKey) end
    error(problem)
  end
  return inserted
end

-- Redis checks its memory limit at a script's first write only: when the update is written, so is the job.
readFirst.updatesend = true
function operations.updatesend(key, change, queue, job, jobDue, nonce)
  local updated = operations.update(key, change)
  if updated[1] == 1 then operations.send(queue, job, jobDue, nonce) end
  return updated
end

local function backlog()
  local jobs = 0
  for _, queue in ipairs(queues) do jobs = jobs + call('XLEN', streams[queue]) end
  return jobs
end

function operations.backlog() return backlog() end

function operations.invoke()
  needConsumer(now)
  return 1
end
`;
