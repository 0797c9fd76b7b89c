/**
 * The one Lua script of the Redis backend: it runs a list of operations, each whole or not at all, and answers one
 * result each. One script and not one an operation, because what happens at the same moment then shares a round trip,
 * and reads share a command: Upstash bills a script as one command and each command inside it as another
 * (https://upstash.com/docs/redis/sdks/ratelimit-ts/costs).
 *
 * A document is a string: JSON with `f` (fields, each value encoded as JSON *in a string*, so that Lua, to which []
 * and {} are the same, never encodes a value again), `l` and `d` (its members in the two indexes) and `x` (when it expires,
 * epoch ms, as text). An index is a sorted set of members `partition \1 sort \1 key`, all of score 0: byte order.
 * `timers` is a sorted set of all that must happen at a time: delayed jobs, and `@`, the time until which a consumer is
 * known to be at work. Its first entry is all the schedule has to look at.
 *
 * ARGV: now (epoch ms), then for each operation its name, the number of its arguments, and these.
 */
const PRELUDE = `
local LIST, DUE, TIMERS, TRANSACTIONAL, BULK, WEBHOOK, DEAD, CONSUMERS, DOCUMENTS, WATCHDOG, WEBHOOK_SLOW =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local GROUP = 'workers'
local call = redis.call
local now = tonumber(ARGV[1])
local index_key = { l = LIST, d = DUE }
local queues = { 'transactional', 'bulk', 'webhook', 'webhook-slow' }
local stream_key = { transactional = TRANSACTIONAL, bulk = BULK, webhook = WEBHOOK, ['webhook-slow'] = WEBHOOK_SLOW }
local texts = {}
local invoke = 0
local operations = {}

local function expired(doc) return doc.x and tonumber(doc.x) <= now end

local function read_text(key)
  if texts[key] == nil then texts[key] = call('GET', key) end
  return texts[key]
end

local function read(key)
  local text = read_text(key)
  if not text then return nil end
  local doc = cjson.decode(text)
  if expired(doc) then return nil end
  return doc, text
end

local function put(key, text, expires)
  if expires then call('SET', key, text, 'PXAT', expires) else call('SET', key, text) end
  texts[key] = text
end
`;

const TABLE = `
local function place(doc, slot, member)
  local old = doc[slot]
  if old == member then return end
  if old then call('ZREM', index_key[slot], old) end
  if member then call('ZADD', index_key[slot], 0, member) end
  doc[slot] = member
end

local function holds(fields, any_of)
  if not any_of then return true end
  for _, all in ipairs(any_of) do
    local met = true
    for _, test in ipairs(all) do
      local value, kind, operand = fields[test[1]], test[2], test[3]
      if kind == 'eq' then met = value == operand
      elseif kind == 'in' then
        met = false
        for _, one in ipairs(operand) do met = met or value == one end
      elseif kind == 'lt' then local n = value and tonumber(value); met = n ~= nil and n < operand
      elseif kind == 'le' then local n = value and tonumber(value); met = n ~= nil and n <= operand
      else met = (value ~= nil) == operand end
      if not met then break end
    end
    if met then return true end
  end
  return false
end

function operations.get(key) return read_text(key) end

function operations.insert(key, text, expires, list, due)
  local set
  if expires == '' then set = call('SET', key, text, 'NX') else set = call('SET', key, text, 'PXAT', expires, 'NX') end
  if not set then
    local doc, standing = read(key)
    if doc then return { 0, standing } end
    put(key, text, expires ~= '' and expires)
  end
  texts[key] = text
  if list ~= '' then call('ZADD', LIST, 0, list) end
  if due ~= '' then call('ZADD', DUE, 0, due) end
  return { 1, text }
end

function operations.update(key, json)
  local doc, text = read(key)
  if not doc then return { 0, false } end
  local change = cjson.decode(json)
  if not holds(doc.f, change.any) then return { 0, text } end
  for field, added in pairs(change.append) do
    local list = doc.f[field] or '[]'
    if string.sub(list, 1, 1) ~= '[' then error('the field ' .. field .. ' is not a list') end
    local sep = (list == '[]' or added == '') and '' or ','
    doc.f[field] = string.sub(list, 1, -2) .. sep .. added .. ']'
  end
  for field, value in pairs(change.set) do doc.f[field] = value end
  for _, field in ipairs(change.remove) do doc.f[field] = nil end
  if change.x then doc.x = change.x end
  for _, slot in ipairs({ 'l', 'd' }) do
    local member = change[slot]
    if member then place(doc, slot, member ~= '' and member or nil) end
  end
  text = cjson.encode(doc)
  put(key, text, doc.x)
  return { 1, text }
end

function operations.delete(key, json)
  local doc = read(key)
  if not doc or not holds(doc.f, cjson.decode(json).any) then return 0 end
  call('DEL', key)
  texts[key] = false
  place(doc, 'l', nil)
  place(doc, 'd', nil)
  return 1
end

-- Documents expire by themselves; what they leave in an index is taken out here, by whoever meets it.
local function live(slot, members)
  local keys, kept, stale = {}, {}, {}
  for i, member in ipairs(members) do keys[i] = DOCUMENTS .. string.match(member, '^[^\\1]*\\1[^\\1]*\\1(.*)$') end
  local found = call('MGET', unpack(keys))
  for i, member in ipairs(members) do
    local doc = found[i] and cjson.decode(found[i])
    if doc and doc[slot] == member and not expired(doc) then kept[#kept + 1] = member
    else stale[#stale + 1] = member end
  end
  if #stale > 0 then call('ZREM', index_key[slot], unpack(stale)) end
  return kept
end

function operations.query(slot, descending, from, to, limit)
  limit = tonumber(limit)
  local command = descending == '1' and 'ZREVRANGEBYLEX' or 'ZRANGEBYLEX'
  local found = {}
  while #found < limit do
    local members = call(command, index_key[slot], from, to, 'LIMIT', 0, math.min(limit - #found, 500))
    if #members == 0 then break end
    for _, member in ipairs(live(slot, members)) do found[#found + 1] = member end
    from = '(' .. members[#members]
  end
  return found
end

function operations.sweep(slot, from, to)
  local members = call('ZRANGEBYLEX', index_key[slot], from, to, 'LIMIT', 0, 500)
  if #members > 0 then live(slot, members) end
  return 1
end

function operations.putbody(key, text, expires)
  put(key, text, expires ~= '' and expires)
  return 1
end

function operations.deletebody(key)
  call('DEL', key)
  texts[key] = false
  return 1
end
`;

const QUEUE = `
-- A consumer waits this long for a job that is due; the watchdog, once a minute, sees later ones in time.
local NEAR_MS = 65000
-- How long an invoked consumer may take to start.
local START_MS = 6000

local function need_consumer(due)
  if invoke == 1 or due > now + NEAR_MS then return end
  local until_ms = call('ZSCORE', TIMERS, '@')
  if until_ms and tonumber(until_ms) > now then return end
  call('ZADD', TIMERS, now + START_MS, '@')
  invoke = 1
end

function operations.send(queue, job, due, nonce)
  due = due == '' and now or tonumber(due)
  if due > now then call('ZADD', TIMERS, due, queue .. '|' .. nonce .. '|' .. job)
  else call('XADD', stream_key[queue], '*', 'job', job) end
  need_consumer(due)
  return 1
end

-- Record, body and job, or nothing: what was written before an error is taken back.
function operations.submit(key, text, expires, list, due, body_key, body, queue, job, job_due, nonce)
  local inserted = operations.insert(key, text, expires, list, due)
  if inserted[1] == 0 then return inserted end
  local ok, problem = pcall(function()
    put(body_key, body, expires ~= '' and expires)
    if queue ~= '' then operations.send(queue, job, job_due, nonce) end
  end)
  if not ok then
    operations.delete(key, '{}')
    operations.deletebody(body_key)
    error(problem)
  end
  return inserted
end

-- Change and job, or nothing: a script that has written is not refused a write for want of memory any more.
function operations.updatesend(key, json, queue, job, due, nonce)
  local updated = operations.update(key, json)
  if updated[1] == 1 then operations.send(queue, job, due, nonce) end
  return updated
end

local function promote()
  local due = call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'LIMIT', 0, 200)
  local moved = {}
  for _, member in ipairs(due) do
    local queue, job = string.match(member, '^([%a-]+)|[^|]*|(.*)$')
    if queue and stream_key[queue] then
      call('XADD', stream_key[queue], '*', 'job', job)
      moved[#moved + 1] = member
    end
  end
  if #moved > 0 then call('ZREM', TIMERS, unpack(moved)) end
end

-- A command of the consumer group, which is made when it turns out that there is none: at first use, and when a
-- server came back with less than it had.
local function in_group(...)
  local answer = redis.pcall(...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  if not string.find(answer.err, 'NOGROUP', 1, true) then error(answer) end
  for _, queue in ipairs(queues) do redis.pcall('XGROUP', 'CREATE', stream_key[queue], GROUP, '0', 'MKSTREAM') end
  return call(...)
end

-- Reads as many of each queue as there is room for. One command for all: its COUNT is for each stream, so it is the
-- least room, and a queue that has more than that is read once more by itself.
local function read_new(consumer, room, out)
  local named, least = {}, nil
  for _, queue in ipairs(queues) do
    if room[queue] > 0 then
      named[#named + 1] = queue
      least = math.min(least or room[queue], room[queue])
    end
  end
  if not least then return end
  local function read(some, count)
    local command = { 'XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', count, 'STREAMS' }
    for _, queue in ipairs(some) do command[#command + 1] = stream_key[queue] end
    for _ in ipairs(some) do command[#command + 1] = '>' end
    local more = {}
    for _, stream in ipairs(in_group(unpack(command)) or {}) do
      for _, queue in ipairs(some) do
        if stream_key[queue] == stream[1] then
          for _, entry in ipairs(stream[2]) do out[#out + 1] = { queue, entry[1], entry[2][2] } end
          room[queue] = room[queue] - #stream[2]
          if #stream[2] == count and room[queue] > 0 then more[#more + 1] = queue end
        end
      end
    end
    return more
  end
  for _, queue in ipairs(read(named, least)) do read({ queue }, room[queue]) end
end

-- Deliveries whose lease ran out: their worker is dead, or did not finish them. Too often received: dead letters.
local function reclaim(consumer, queue, lease, count, most, out)
  local stream = stream_key[queue]
  local entries = in_group('XAUTOCLAIM', stream, GROUP, consumer, lease, '0-0', 'COUNT', count)[2]
  if #entries == 0 then return end
  local received = {}
  for _, row in ipairs(call('XPENDING', stream, GROUP, entries[1][1], entries[#entries][1], 1000, consumer)) do
    received[row[1]] = row[4]
  end
  for _, entry in ipairs(entries) do
    local id, job = entry[1], entry[2][2]
    if (received[id] or 1) > most then
      call('XADD', DEAD, '*', 'job', job, 'queue', queue, 'received', most, 'queued', string.match(id, '^%d+'))
      operations.acknowledge(queue, id)
      out[#out + 1] = { queue, id, job, 'dead' }
    else
      out[#out + 1] = { queue, id, job }
    end
  end
end

-- Records that a consumer is at work: other consumers see its name, an accept sees "@".
local function heartbeat(consumer, lease)
  call('ZADD', CONSUMERS, now + lease, consumer)
  call('ZADD', TIMERS, now + lease, '@')
end

-- After these the room there is for jobs of each queue, in the order of the queues.
function operations.receive(consumer, lease, most, beats, reclaiming, ...)
  local room = {}
  for i, queue in ipairs(queues) do room[queue] = tonumber(({ ... })[i]) end
  local out = {}
  if beats == '1' then heartbeat(consumer, tonumber(lease)) end
  promote()
  if reclaiming == '1' then
    for _, queue in ipairs(queues) do
      if room[queue] > 0 then reclaim(consumer, queue, tonumber(lease), room[queue], tonumber(most), out) end
    end
  end
  for _, row in ipairs(out) do
    if not row[4] then room[row[1]] = room[row[1]] - 1 end
  end
  read_new(consumer, room, out)
  return out
end

function operations.acknowledge(queue, ...)
  call('XACK', stream_key[queue], GROUP, ...)
  call('XDEL', stream_key[queue], ...)
  return 1
end

-- The lease on each of these deliveries begins anew.
function operations.renew(queue, consumer, ...)
  local command = { 'XCLAIM', stream_key[queue], GROUP, consumer, 0 }
  for _, id in ipairs({ ... }) do command[#command + 1] = id end
  command[#command + 1] = 'JUSTID'
  return in_group(unpack(command))
end

-- Answers 0 (no place), 1, or 2 when the consumer is to start a watchdog: it wants one and none was started in the
-- last minute.
function operations.enter(consumer, replaces, most, lease, watched)
  if replaces ~= '' then call('ZREM', CONSUMERS, replaces) end
  call('ZREMRANGEBYSCORE', CONSUMERS, '-inf', now)
  if call('ZCARD', CONSUMERS) >= tonumber(most) then return 0 end
  heartbeat(consumer, tonumber(lease))
  if watched == '0' and operations.watch() == 1 then return 2 end
  return 1
end

local function backlog()
  local jobs = 0
  for _, queue in ipairs(queues) do jobs = jobs + call('XLEN', stream_key[queue]) end
  return jobs
end

-- Leaving and looking whether anything is left to do are one step: a job sent before it is seen here, a job sent
-- after it finds no "@" and invokes a consumer. Answers 1 (left), 0 (there are jobs), or as text when the next job is due.
function operations.leave(consumer)
  if backlog() > 0 then return 0 end
  local timers = call('ZRANGEBYSCORE', TIMERS, '-inf', now + NEAR_MS, 'WITHSCORES', 'LIMIT', 0, 2)
  local due
  for i = 1, #timers, 2 do
    if timers[i] ~= '@' then due = due or timers[i + 1] end
  end
  local others = call('ZRANGEBYSCORE', CONSUMERS, '(' .. now, '+inf')
  local first = true
  for _, other in ipairs(others) do first = first and other >= consumer end
  -- Of several, one waits for what is due soon.
  if due and first then return due end
  call('ZREM', CONSUMERS, consumer)
  if #others <= 1 then call('ZREM', TIMERS, '@') end
  return 1
end

-- Reserves a place for one consumer more, if there is one: answers 1 when it may be invoked.
function operations.reserve(consumer, most)
  if call('ZCOUNT', CONSUMERS, '(' .. now, '+inf') >= tonumber(most) then return 0 end
  call('ZADD', CONSUMERS, now + START_MS, consumer)
  return 1
end

-- The place of one consumer becomes that of the next, and "@" gives that one time to start.
function operations.handover(consumer, successor)
  call('ZREM', CONSUMERS, consumer)
  heartbeat(successor, START_MS)
  return 1
end

function operations.watch() return call('SET', WATCHDOG, '1', 'NX', 'PX', 60000) and 1 or 0 end

function operations.unwatch() return call('DEL', WATCHDOG) end

function operations.backlog() return backlog() end

function operations.invoke()
  need_consumer(now)
  return 1
end
`;

/** What an operator and the alarms ask; where ids of streams tell a time, it is that of Redis' own clock. */
const OPERATE = `
local function fields_of(entry)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return fields
end

function operations.deadletters(after, count)
  local out = {}
  for i, entry in ipairs(call('XRANGE', DEAD, after == '' and '-' or '(' .. after, '+', 'COUNT', count)) do
    local fields = fields_of(entry)
    out[i] = { entry[1], fields.job or '', fields.queue or '', fields.received or '', fields.queued or '' }
  end
  return out
end

-- From the dead letters to its queue in one step, so never in both and never in neither. Answers 1, 0 when it is not
-- there (any more), -1 when it says no queue of ours.
function operations.redrive(id)
  local entry = call('XRANGE', DEAD, id, id)[1]
  if not entry then return 0 end
  local fields = fields_of(entry)
  local stream = stream_key[fields.queue or '']
  if not stream or not fields.job then return -1 end
  call('XADD', stream, '*', 'job', fields.job)
  call('XDEL', DEAD, id)
  need_consumer(now)
  return 1
end

function operations.discard(id) return call('XDEL', DEAD, id) end

-- For each queue how many jobs it holds and how many of them are delivered, then the same of the dead letters.
function operations.depths()
  local out = {}
  for i, queue in ipairs(queues) do
    -- Before the first delivery there is no group.
    local pending = redis.pcall('XPENDING', stream_key[queue], GROUP)
    out[i] = { call('XLEN', stream_key[queue]), not pending.err and pending[1] or 0 }
  end
  out[#out + 1] = { call('XLEN', DEAD), 0 }
  return out
end

-- Of count timers from this rank on: how many there are, then how many of each queue.
function operations.timers(rank, count)
  local members = call('ZRANGE', TIMERS, rank, rank + count - 1)
  local of = {}
  for _, member in ipairs(members) do
    local queue = string.match(member, '^([%a-]+)|') or ''
    of[queue] = (of[queue] or 0) + 1
  end
  local out = { #members }
  for i, queue in ipairs(queues) do out[i + 1] = of[queue] or 0 end
  return out
end

-- For each queue how many jobs it holds and how long the oldest has been there, in ms: delivered or not, or due and not
-- even taken by a consumer.
function operations.ages()
  local since = {}
  local due = call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1000)
  for i = 1, #due, 2 do
    local queue = string.match(due[i], '^([%a-]+)|')
    if queue then since[queue] = since[queue] or tonumber(due[i + 1]) end
  end
  local out = {}
  for i, queue in ipairs(queues) do
    local first = call('XRANGE', stream_key[queue], '-', '+', 'COUNT', 1)[1]
    local added = first and tonumber(string.match(first[1], '^%d+'))
    local oldest = math.min(added or now, since[queue] or now, now)
    out[i] = { call('XLEN', stream_key[queue]), now - oldest }
  end
  return out
end
`;

const MAIN = `
local reads = { get = true, update = true, updatesend = true, delete = true }
local wanted, seen = {}, {}
local at = 2
while at <= #ARGV do
  local key = ARGV[at + 2]
  if reads[ARGV[at]] and not seen[key] then
    seen[key] = true
    wanted[#wanted + 1] = key
  end
  at = at + 2 + tonumber(ARGV[at + 1])
end
for first = 1, #wanted, 1000 do
  local found = call('MGET', unpack(wanted, first, math.min(first + 999, #wanted)))
  for i, text in ipairs(found) do texts[wanted[first + i - 1]] = text end
end

local results = {}
at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at + 1])
  local ok, result = pcall(operations[ARGV[at]], unpack(ARGV, at + 2, at + 1 + count))
  if ok then results[#results + 1] = { 1, result }
  else results[#results + 1] = { 0, type(result) == 'table' and result.err or tostring(result) } end
  at = at + 2 + count
end
return { invoke, results }
`;

/** The script's text; its SHA-1 is what EVALSHA names it by. Pure: a bundle that does not use it does not hold it. */
export const redisScript = /* @__PURE__ */ [PRELUDE, TABLE, QUEUE, OPERATE, MAIN].join('');
