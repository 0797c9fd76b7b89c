import type { Operation } from './operation.ts';

/** The arguments of an insert. A text is empty where there is nothing to write. */
export interface InsertArguments {
  readonly key: string;
  readonly text: string;
  /** When the document expires, epoch ms. */
  readonly expires: string;
  /** Its member in the list, and among what is due. */
  readonly list: string;
  readonly due: string;
}

/** `change` is JSON: `any` (conditions), `set`, `add`, `append`, `remove`, and new `l`, `d` and `x` of the document. */
export interface UpdateArguments {
  readonly key: string;
  readonly change: string;
}

/** Answers a document or a body as it is stored. */
export const get = (key: string): Operation => ['get', key];

/** Writes a document unless there is one. Answers 1 and its text, or 0 and the text of the one that is there. */
export const insert = (args: InsertArguments): Operation => [
  'insert',
  args.key,
  args.text,
  args.expires,
  args.list,
  args.due,
];

/** Changes a document that meets a condition. Answers 1 or 0, and the text it has then. */
export const update = (args: UpdateArguments): Operation => ['update', args.key, args.change];

/** Deletes a document that meets a condition; `change` holds `any` alone. Answers 1 or 0. */
export const deleteDocument = (args: UpdateArguments): Operation => ['delete', args.key, args.change];

export const putBody = (args: { readonly key: string; readonly text: string; readonly expires: string }): Operation => [
  'putbody',
  args.key,
  args.text,
  args.expires,
];

export const deleteBody = (key: string): Operation => ['deletebody', key];

export const documents = `
readFirst.get, readFirst.update, readFirst.delete = true, true, true

function operations.get(key) return readText(key) end

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

function operations.update(key, change)
  local doc, text = read(key)
  if not doc then return { 0, false } end
  change = cjson.decode(change)
  if not holds(doc.f, change.any) then return { 0, text } end
  for field, added in pairs(change.append) do
    local list = doc.f[field] or '[]'
    if string.sub(list, 1, 1) ~= '[' then error('the field ' .. field .. ' is not a list') end
    local sep = (list == '[]' or added == '') and '' or ','
    doc.f[field] = string.sub(list, 1, -2) .. sep .. added .. ']'
  end
  for field, number in pairs(change.add or {}) do
    local sum = tonumber(doc.f[field] or '0')
    if not sum then error('the field ' .. field .. ' is not a number') end
    -- 17 digits: as many as tell every double from its neighbours.
    doc.f[field] = string.format('%.17g', sum + number)
  end
  for field, value in pairs(change.set) do doc.f[field] = value end
  for _, field in ipairs(change.remove) do doc.f[field] = nil end
  if change.x then doc.x = change.x end
  for _, index in ipairs({ 'l', 'd' }) do
    local member = change[index]
    if member then place(doc, index, member ~= '' and member or nil) end
  end
  text = cjson.encode(doc)
  put(key, text, doc.x)
  return { 1, text }
end

function operations.delete(key, change)
  local doc = read(key)
  if not doc or not holds(doc.f, cjson.decode(change).any) then return 0 end
  call('DEL', key)
  texts[key] = false
  place(doc, 'l', nil)
  place(doc, 'd', nil)
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
