import type { QueueName } from '../../../core/queues.ts';
import type { Operation } from './operation.ts';

/** Removes jobs that are done. */
export const acknowledge = (args: { readonly queue: QueueName; readonly ids: readonly string[] }): Operation => [
  'acknowledge',
  args.queue,
  ...args.ids,
];

/** Starts the leases of deliveries anew. */
export const renew = (args: {
  readonly queue: QueueName;
  readonly consumer: string;
  readonly ids: readonly string[];
}): Operation => ['renew', args.queue, args.consumer, ...args.ids];

/**
 * Deliveries to the consumer group of a queue, each with a lease. The group is made when Redis says that there is none: at first
 * use, and when a server came back without it.
 */
export const leases = `
local function inGroup(...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'NOGROUP', 1, true) then error(answer) end
  for _, queue in ipairs(queues) do redis.pcall('XGROUP', 'CREATE', streams[queue], GROUP, '0', 'MKSTREAM') end
  return call(...)
end

-- Deliveries of a crashed consumer, and those whose jobs failed.
local function reclaimExpired(consumer, queue, leaseMs, count, maxReceiveCount, out)
  local stream = streams[queue]
  local entries = inGroup('XAUTOCLAIM', stream, GROUP, consumer, leaseMs, '0-0', 'COUNT', count)[2]
  if #entries == 0 then return end
  local received = {}
  for _, row in ipairs(call('XPENDING', stream, GROUP, entries[1][1], entries[#entries][1], 1000, consumer)) do
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
  local command = { 'XCLAIM', streams[queue], GROUP, consumer, 0 }
  for _, id in ipairs({ ... }) do command[#command + 1] = id end
  command[#command + 1] = 'JUSTID'
  return inGroup(unpack(command))
end
`;
