import type { Operation } from './operation.ts';

/** Answers rows of id, job, queue, number of receives, and time of queueing: those after the id `after`, or from the first on. */
export const deadLetters = (args: { readonly after: string; readonly count: number }): Operation => [
  'deadletters',
  args.after,
  args.count,
];

/**
 * Moves a job from the dead letters to its queue, in one step: it is never in both or in neither. Answers 1, 0 if it is not there
 * (any more), or -1 if it names no queue.
 */
export const redrive = (id: string): Operation => ['redrive', id];

export const discard = (id: string): Operation => ['discard', id];

/** The dead letters are a stream, too. The time in its ids is that of Redis' own clock. */
export const deadLetterStream = `
local function bury(queue, id, job, maxReceiveCount)
  local queued = string.match(id, '^%d+')
  call('XADD', DEAD, '*', 'job', job, 'queue', queue, 'received', maxReceiveCount, 'queued', queued)
end

local function fieldsOf(entry)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end

function operations.deadletters(after, count)
  local out = {}
  for i, entry in ipairs(call('XRANGE', DEAD, after == '' and '-' or '(' .. after, '+', 'COUNT', count)) do
    local fields = fieldsOf(entry)
    out[i] = { entry[1], fields.job or '', fields.queue or '', fields.received or '', fields.queued or '' }
  end
  return out
end

function operations.redrive(id)
  local entry = call('XRANGE', DEAD, id, id)[1]
  if not entry then return 0 end
  local fields = fieldsOf(entry)
  local stream = streams[fields.queue or '']
  if not stream or not fields.job then return -1 end
  call('XADD', stream, '*', 'job', fields.job)
  call('XDEL', DEAD, id)
  needConsumer(now)
  return 1
end

function operations.discard(id) return call('XDEL', DEAD, id) end
`;
