import { cache } from './cache.ts';
import { conditions } from './conditions.ts';
import { consumers } from './consumers.ts';
import { deadLetterStream } from './dead-letters.ts';
import { documents } from './documents.ts';
import { fairness } from './fairness.ts';
import { indexes } from './indexes.ts';
import { inspection } from './inspection.ts';
import { leases } from './leases.ts';
import { prelude } from './prelude.ts';
import { queues } from './queues.ts';
import { receiving } from './receive.ts';

/** Reads the documents that the operations name in one command, then runs the operations. */
const main = `
local wanted, seen = {}, {}
local at = 2
while at <= #ARGV do
  local key = ARGV[at + 2]
  if readFirst[ARGV[at]] and not seen[key] then
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

/**
 * The one Lua script of the Redis backend. It runs a list of operations, each whole or not at all. It answers whether a consumer
 * is to be invoked, and a result for each operation.
 *
 * It is one script and not one an operation, so that operations of the same moment share a round trip and their reads share a
 * command: Upstash bills a script as one command and each command inside it as another
 * (https://upstash.com/docs/redis/sdks/ratelimit-ts/costs).
 *
 * The parts stand in the order of their use. Pure: a bundle that does not use it does not hold it.
 */
export const redisScript = /* @__PURE__ */ [
  prelude,
  cache,
  conditions,
  indexes,
  documents,
  queues,
  consumers,
  deadLetterStream,
  leases,
  fairness,
  receiving,
  inspection,
  main,
].join('');
