import { luaKeys } from '../keys.ts';
import { NEAR_MS, START_MS, WATCH_MS } from '../times.ts';

/**
 * The variables of the whole script. `readFirst` has the operations whose first argument is a key that all runs of them read:
 * the script reads these keys in one command. `invoke` is 1 once a job was queued and no consumer is at work.
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
