import type { QueueName } from '../../../core/queues.ts';
import type { Operation } from './operation.ts';

/** Removes jobs that are done. */
export const acknowledge = (args: { readonly queue: QueueName; readonly ids: readonly string[] }): Operation => [
  'acknowledge',
  args.queue,
  ...args.ids,
];

/**
 * Removes the consumers of versions up to 0.2, whose names stayed in the groups for ever, that hold no delivery and have not been seen
 * for this long. Answers how many.
 */
export const removeConsumers = (args: { readonly idleMs: number }): Operation => ['removeconsumers', args.idleMs];

/** Starts the leases of deliveries anew. */
export const renew = (args: {
  readonly queue: QueueName;
  readonly consumer: string;
  readonly ids: readonly string[];
}): Operation => ['renew', args.queue, args.consumer, ...args.ids];

/** The characters of a consumer's name, a UUID, that it has in the groups: at most 256 names. */
const MEMBER_LENGTH = 2;
const CONSUMERS_AT_ONCE = 1_000;

/**
 * Deliveries to the consumer group of a queue, each with a lease. The group is made when Redis says that there is none: at first
 * use, and when a server came back without it.
 */
export const leases = `
-- Redis keeps each name that has read for the group. A lease depends on its time and not on the name: these few are used again.
local function memberOf(consumer) return string.sub(consumer, 1, ${MEMBER_LENGTH}) end

local function inGroup(...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'NOGROUP', 1, true) then error(answer) end
  for _, queue in ipairs(queues) do redis.pcall('XGROUP', 'CREATE', streams[queue], GROUP, '0', 'MKSTREAM') end
  return call(...)
end

function operations.removeconsumers(idleMs)
  local removed = 0
  for _, queue in ipairs(queues) do
    local rows = redis.pcall('XINFO', 'CONSUMERS', streams[queue], GROUP)
    for _, row in ipairs(rows.err and {} or rows) do
      local field = {}
      for i = 1, #row, 2 do field[row[i]] = row[i + 1] end
      local isOld = #field.name > ${MEMBER_LENGTH} and field.idle >= tonumber(idleMs)
      if isOld and field.pending == 0 and removed < ${CONSUMERS_AT_ONCE} then
        call('XGROUP', 'DELCONSUMER', streams[queue], GROUP, field.name)
        removed = removed + 1
      end
    end
  end
  return removed
end

-- Deliveries of a crashed consumer, and those whose jobs failed.
local function reclaimExpired(consumer, queue, leaseMs, count, maxReceiveCount, out)
  local stream, member = streams[queue], memberOf(consumer)
  local entries = inGroup('XAUTOCLAIM', stream, GROUP, member, leaseMs, '0-0', 'COUNT', count)[2]
  if #entries == 0 then return end
  local received = {}
  for _, row in ipairs(call('XPENDING', stream, GROUP, entries[1][1], entries[#entries][1], 1000, member)) do
    received[row[1]] = row[4]
  end
  for _, entry in ipairs(entries) do
    local id, job = entry[1], entry[2][2]
    if (received[id] or 1) > maxReceiveCount then
      bury(queue, id, job, maxReceiveCount)
      operations.acknowledge(queue, id)
      out[#out + 1] = { queue, id, job, 'dead' }
    else
      out[#out + 1] = { queue, id, job }
    end
  end
end

function operations.acknowledge(queue, ...)
  call('XACK', streams[queue], GROUP, ...)
  call('XDEL', streams[queue], ...)
  return 1
end

function operations.renew(queue, consumer, ...)
  local command = { 'XCLAIM', streams[queue], GROUP, memberOf(consumer), 0 }
  for _, id in ipairs({ ... }) do command[#command + 1] = id end
  command[#command + 1] = 'JUSTID'
  return inGroup(unpack(command))
end
`;
