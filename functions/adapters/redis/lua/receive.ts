import type { QueueName } from '../../../core/queues.ts';
import type { Operation } from './operation.ts';

/**
 * Answers rows of queue, id and job; with a fourth value, `dead`, for a job that was received more than `maxReceiveCount` times
 * and is a dead letter now.
 */
export const receive = (args: {
  readonly consumer: string;
  readonly leaseMs: number;
  readonly maxReceiveCount: number;
  /** Record that the consumer is at work. */
  readonly heartbeat: boolean;
  /** Take over deliveries whose lease has ended. */
  readonly reclaim: boolean;
  /** Look for new jobs in shared queues, beyond those that have a turn. */
  readonly look: boolean;
  /** How many jobs of each queue to receive at most. */
  readonly room: Readonly<Partial<Record<QueueName, number>>>;
}): Operation => [
  'receive',
  args.consumer,
  args.leaseMs,
  args.maxReceiveCount,
  args.heartbeat,
  args.reclaim,
  args.look,
  ...Object.entries(args.room).flat(),
];

/** Moves due jobs to their streams, takes over deliveries whose lease has ended, then reads new jobs: those of fair queues in turn. */
export const receiving = `
local function promoteDueJobs()
  local moved, shared = {}, {}
  for _, member in ipairs(call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'LIMIT', 0, 200)) do
    local queue, job = string.match(member, '^([^|]+)|[^|]*|(.*)$')
    if queue and streams[queue] then
      call('XADD', streams[queue], '*', 'job', job)
      moved[#moved + 1] = member
    end
    local sharedQueue = string.match(member, '^@(.+)$')
    if sharedQueue and turns[sharedQueue] then shared[sharedQueue] = true end
  end
  if #moved > 0 then call('ZREM', TIMERS, unpack(moved)) end
  return shared
end

-- One command for all queues. Its COUNT is for each stream, so it is the least room there is; a queue with more room and more
-- jobs is read once more by itself.
local function readNew(consumer, room, shared, out)
  local named, least = {}, nil
  for _, queue in ipairs(queues) do
    if room[queue] > 0 and not shared[queue] then
      named[#named + 1] = queue
      least = math.min(least or room[queue], room[queue])
    end
  end
  if not least then return end
  local function read(some, count)
    local command = { 'XREADGROUP', 'GROUP', GROUP, memberOf(consumer), 'COUNT', count, 'STREAMS' }
    for _, queue in ipairs(some) do command[#command + 1] = streams[queue] end
    for _ in ipairs(some) do command[#command + 1] = '>' end
    local more = {}
    for _, stream in ipairs(inGroup(unpack(command)) or {}) do
      for _, queue in ipairs(some) do
        if streams[queue] == stream[1] then
          for _, entry in ipairs(stream[2]) do out[#out + 1] = { queue, entry[1], entry[2][2] } end
          room[queue] = room[queue] - #stream[2]
          if #stream[2] == count and room[queue] > 0 then more[#more + 1] = queue end
          -- As many as there was room for: perhaps more wait.
          if room[queue] <= 0 and turns[queue] then share(queue, stream[2][#stream[2]][1]) end
        end
      end
    end
    return more
  end
  for _, queue in ipairs(read(named, least)) do read({ queue }, room[queue]) end
end

function operations.receive(consumer, leaseMs, maxReceiveCount, heartbeat, reclaim, look, ...)
  local room, rooms = {}, { ... }
  for _, queue in ipairs(queues) do room[queue] = 0 end
  for i = 1, #rooms, 2 do room[rooms[i]] = tonumber(rooms[i + 1]) end
  local out = {}
  if heartbeat == '1' then recordHeartbeat(consumer, tonumber(leaseMs)) end
  local shared = promoteDueJobs()
  if reclaim == '1' then
    for _, queue in ipairs(queues) do
      if room[queue] > 0 then reclaimExpired(consumer, queue, tonumber(leaseMs), room[queue], tonumber(maxReceiveCount), out) end
    end
  end
  for _, row in ipairs(out) do
    if not row[4] then room[row[1]] = room[row[1]] - 1 end
  end
  readNew(consumer, room, shared, out)
  for queue in pairs(shared) do
    if room[queue] > 0 then readInTurn(consumer, queue, leaseMs, room[queue], look == '1', out) end
  end
  return out
end
`;
