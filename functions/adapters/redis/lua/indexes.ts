import type { Operation } from './operation.ts';

/** An index by the field of a document that holds its member: `l` the list, `d` what is due. */
export type IndexField = 'l' | 'd';

/** Answers members from one bound to another (as in ZRANGEBYLEX), at most `limit`. */
export const query = (args: {
  readonly index: IndexField;
  readonly descending: boolean;
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}): Operation => ['query', args.index, args.descending, args.from, args.to, args.limit];

/** Removes the members of expired documents among the first 500 from one bound to another. */
export const sweep = (args: { readonly index: IndexField; readonly from: string; readonly to: string }): Operation => [
  'sweep',
  args.index,
  args.from,
  args.to,
];

/**
 * An index is a sorted set of members `partition \1 sort \1 key`, all of score 0: Redis keeps them in byte order. A document
 * that expires leaves its member behind; `live` removes such members when it meets them.
 */
export const indexes = `
local indexKey = { l = LIST, d = DUE }

local function place(doc, index, member)
  local old = doc[index]
  if old == member then return end
  if old then call('ZREM', indexKey[index], old) end
  if member then call('ZADD', indexKey[index], 0, member) end
  doc[index] = member
end

local function live(index, members)
  local keys, kept, stale = {}, {}, {}
  for i, member in ipairs(members) do keys[i] = DOCUMENTS .. string.match(member, '^[^\\1]*\\1[^\\1]*\\1(.*)$') end
  local found = call('MGET', unpack(keys))
  for i, member in ipairs(members) do
    local doc = found[i] and cjson.decode(found[i])
    if doc and doc[index] == member and not expired(doc) then kept[#kept + 1] = member
    else stale[#stale + 1] = member end
  end
  if #stale > 0 then call('ZREM', indexKey[index], unpack(stale)) end
  return kept
end

function operations.query(index, descending, from, to, limit)
  limit = tonumber(limit)
  local command = descending == '1' and 'ZREVRANGEBYLEX' or 'ZRANGEBYLEX'
  local found = {}
  while #found < limit do
    local members = call(command, indexKey[index], from, to, 'LIMIT', 0, math.min(limit - #found, 500))
    if #members == 0 then break end
    for _, member in ipairs(live(index, members)) do found[#found + 1] = member end
    from = '(' .. members[#members]
  end
  return found
end

function operations.sweep(index, from, to)
  local members = call('ZRANGEBYLEX', indexKey[index], from, to, 'LIMIT', 0, 500)
  if #members > 0 then live(index, members) end
  return 1
end
`;
