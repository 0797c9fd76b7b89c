/**
 * Fair queues. A stream is first in, first out; so when more jobs wait in the stream of a fair queue than a consumer has room for,
 * each of them gets a turn: the first jobs of all groups have the first turn, the second ones the next. Jobs are then received by
 * turn. While a queue is shared so, `@<queue>` is among the timers with a score below 0, which `receive` sees without a command
 * more.
 *
 * The jobs stay in the stream, and their leases in its consumer group. Turns only name them: if they are lost, or unknown to an
 * older version of the consumer, the jobs are received in the order of the stream. The group's last delivered id moves on when no
 * job waits any more.
 */
export const fairness = `
local TURNS_AT_ONCE, STEPS = 1000, 10

local function groupOf(entry) return string.match(entry[2][2], '^{"group":"([^"]*)"') or '' end

-- The last turn of each group, and the turn before the next. Without waiting jobs all groups begin anew.
local function lastTurns(queue)
  local nextTurn = call('ZRANGE', turns[queue], 0, 0, 'WITHSCORES')[2]
  if not nextTurn then
    call('DEL', groups[queue])
    return {}, 0
  end
  local last, fields = {}, call('HGETALL', groups[queue])
  -- The cursor is no number.
  for i = 1, #fields, 2 do last[fields[i]] = tonumber(fields[i + 1]) end
  return last, tonumber(nextTurn) - 1
end

-- Gives turns to the jobs behind the id cursor; answers the id of the last.
local function giveTurns(queue, cursor)
  local last, current
  for _ = 1, STEPS do
    local entries = call('XRANGE', streams[queue], '(' .. cursor, '+', 'COUNT', TURNS_AT_ONCE)
    if #entries == 0 then break end
    if not last then last, current = lastTurns(queue) end
    local given = {}
    for _, entry in ipairs(entries) do
      local group = 'of ' .. groupOf(entry)
      last[group] = math.max(last[group] or 0, current) + 1
      given[#given + 1] = last[group]
      given[#given + 1] = entry[1]
    end
    call('ZADD', turns[queue], unpack(given))
    cursor = entries[#entries][1]
    if #entries < TURNS_AT_ONCE then break end
  end
  if last then
    local fields = { 'cursor', cursor }
    for group, turn in pairs(last) do
      fields[#fields + 1] = group
      fields[#fields + 1] = turn
    end
    call('HSET', groups[queue], unpack(fields))
  end
  return cursor, last ~= nil
end

local function share(queue, cursor)
  local _, more = giveTurns(queue, cursor)
  if more then call('ZADD', TIMERS, -1, '@' .. queue) end
end

local function endSharing(queue)
  call('DEL', turns[queue], groups[queue])
  call('ZREM', TIMERS, '@' .. queue)
end

local function takeTurns(queue, room, look)
  local ids = {}
  local function take()
    local taken = call('ZPOPMIN', turns[queue], room - #ids)
    for i = 1, #taken, 2 do ids[#ids + 1] = taken[i] end
  end
  if not look then take() end
  if #ids == room then return ids end
  local cursor = giveTurns(queue, call('HGET', groups[queue], 'cursor') or '0-0')
  take()
  if #ids < room then
    redis.pcall('XGROUP', 'SETID', streams[queue], GROUP, cursor)
    endSharing(queue)
  end
  return ids
end

-- Most receives only take turns; new jobs are also looked for when no turn is left.
local function readInTurn(consumer, queue, leaseMs, room, look, out)
  local ids = takeTurns(queue, room, look)
  if #ids == 0 then return end
  -- A job that another consumer received in the order of the stream is left to it while its lease lasts.
  local command = { 'XCLAIM', streams[queue], GROUP, memberOf(consumer), leaseMs }
  for _, id in ipairs(ids) do command[#command + 1] = id end
  for _, option in ipairs({ 'RETRYCOUNT', 1, 'FORCE' }) do command[#command + 1] = option end
  local ok, entries = pcall(inGroup, unpack(command))
  if not ok then
    -- Without turns the jobs are read in the order of the stream.
    endSharing(queue)
    return
  end
  for _, entry in ipairs(entries) do
    if entry then out[#out + 1] = { queue, entry[1], entry[2][2] } end
  end
end
`;
