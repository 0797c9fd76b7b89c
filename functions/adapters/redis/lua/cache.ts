/**
 * Reading and writing of documents, each read at most once in a run of the script. A document is a string: JSON with `f`
 * (fields, each value encoded as JSON *in a string*, so that Lua, to which [] and {} are the same, never encodes a value again),
 * `l` and `d` (its members in the two indexes) and `x` (when it expires, epoch ms, as text).
 */
export const cache = `
local texts = {}

local function expired(doc) return doc.x and tonumber(doc.x) <= now end

local function readText(key)
  if texts[key] == nil then texts[key] = call('GET', key) end
  return texts[key]
end

local function read(key)
  local text = readText(key)
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
