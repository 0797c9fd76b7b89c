import type { Operation } from './operation.ts';

/** Answers for each queue how many jobs it holds and how many of them are delivered, then the same of the dead letters. */
export const depths = (): Operation => ['depths'];

/** Counts `count` timers from this rank on. Answers how many there are, then how many belong to each queue. */
export const timers = (args: { readonly rank: number; readonly count: number }): Operation => [
  'timers',
  args.rank,
  args.count,
];

/**
 * Answers for each queue how many jobs it holds and the age of the oldest in ms, by Redis' own clock: since it was queued,
 * delivered or not, or since it was due, if no consumer has taken it.
 */
export const ages = (): Operation => ['ages'];

export const inspection = `
function operations.depths()
  local out = {}
  for i, queue in ipairs(queues) do
    -- Before the first delivery there is no group.
    local pending = redis.pcall('XPENDING', streams[queue], GROUP)
    out[i] = { call('XLEN', streams[queue]), not pending.err and pending[1] or 0 }
  end
  out[#out + 1] = { call('XLEN', DEAD), 0 }
  return out
end

function operations.timers(rank, count)
  local members = call('ZRANGE', TIMERS, rank, rank + count - 1)
  local jobs = {}
  for _, member in ipairs(members) do
    local queue = string.match(member, '^([^|]+)|') or ''
    jobs[queue] = (jobs[queue] or 0) + 1
  end
  local out = { #members }
  for i, queue in ipairs(queues) do out[i + 1] = jobs[queue] or 0 end
  return out
end

function operations.ages()
  local since = {}
  local due = call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1000)
  for i = 1, #due, 2 do
    local queue = string.match(due[i], '^([^|]+)|')
    if queue then since[queue] = since[queue] or tonumber(due[i + 1]) end
  end
  local out = {}
  for i, queue in ipairs(queues) do
    local first = call('XRANGE', streams[queue], '-', '+', 'COUNT', 1)[1]
    local added = first and tonumber(string.match(first[1], '^%d+'))
    local oldest = math.min(added or now, since[queue] or now, now)
    out[i] = { call('XLEN', streams[queue]), now - oldest }
  end
  return out
end
`;
