/** Whether a document's fields meet one of several conditions, each of which is a list of tests `{field, kind, operand}`. */
export const conditions = `
local function holds(fields, anyOf)
  if not anyOf then return true end
  for _, all in ipairs(anyOf) do
    local met = true
    for _, test in ipairs(all) do
      local value, kind, operand = fields[test[1]], test[2], test[3]
      if kind == 'eq' then met = value == operand
      elseif kind == 'in' then
        met = false
        for _, one in ipairs(operand) do met = met or value == one end
      elseif kind == 'lt' then local n = value and tonumber(value); met = n ~= nil and n < operand
      elseif kind == 'le' then local n = value and tonumber(value); met = n ~= nil and n <= operand
      elseif kind == 'bt' then
        local n = value and tonumber(value)
        met = n ~= nil and n >= operand[1] and n <= operand[2]
      else met = (value ~= nil) == operand end
      if not met then break end
    end
    if met then return true end
  end
  return false
end
`;
