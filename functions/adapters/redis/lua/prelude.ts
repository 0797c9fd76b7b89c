import { luaKeys } from '../keys.ts';
import { NEAR_MS, START_MS, WATCH_MS } from '../times.ts';

/**
 * The variables of the whole script. `readFirst` names the operations that read the document of their first argument: the script
 * reads all these documents in one command. `invoke` becomes 1 when a job is queued and no consumer is at work.
 */
export const prelude = /* @__PURE__ */ luaPrelude();

function luaPrelude(): string {
  return `${luaKeys()}
local NEAR_MS, START_MS, WATCH_MS = ${NEAR_MS}, ${START_MS}, ${WATCH_MS}
local GROUP = 'workers'
local call = redis.call
local now = tonumber(ARGV[1])
local operations = {}
local readFirst = {}
local invoke = 0
`;
}
