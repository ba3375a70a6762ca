-- The lists of entries, and the rows of the documents in them and of their representatives, as of one moment.
--
-- ARGV: identity; the limits of the tables; the hashes and the fields of entries of ids; those of other entries.
-- A limit is raised by the number of documents that have one of the ids: they may be replaced, and others come forward.
-- Gives the number of changes so far; what the limits were raised by; of each list that is not empty the number of the
-- entry (ids first) and the number of ranks; the ranks in these lists; the ranks of the rows; the sizes of the rows
-- without their entries; and these rows.
local limits = unpack_array(ARGV[2])
local lists, listed, order, seen = {}, {}, {}, {}
local extra, number = 0, 0

local function fetch(hashes, fields)
  for place = 1, #hashes do
    local hash, field = hashes[place], fields[place]
    local head = call('HGET', hash, field)
    if head then
      local found = members(hash, field, head, limits[table_of(hash) + 1] + extra)
      lists[#lists + 1] = pack('<I4I4', number, #found / 4)
      listed[#listed + 1] = found
      for first = 1, #found, 4 do
        local rank = sub(found, first, first + 3)
        if not seen[rank] then
          seen[rank] = true
          order[#order + 1] = rank
        end
      end
    end
    number = number + 1
  end
end

fetch(unpack_array(ARGV[3]), unpack_array(ARGV[4]))
extra = #order
fetch(unpack_array(ARGV[5]), unpack_array(ARGV[6]))

local ranks, found, sizes = {}, {}, {}
local function keep(rank, row)
  local size = #row - ENTRY * unpack_number('<I4', row, 5)
  ranks[#ranks + 1] = rank
  found[#found + 1] = sub(row, 1, size)
  sizes[#sizes + 1] = pack('<I4', size)
end
for place = 1, #order do
  local row = call('HGET', rows, order[place])
  if not row then
    return redis.error_reply('DAMAGED a document is in a list and is not there')
  end
  keep(order[place], row)
  local representative = sub(row, 1, 4)
  if representative ~= NONE and not seen[representative] then
    seen[representative] = true
    local its_row = call('HGET', rows, representative)
    if its_row then
      keep(representative, its_row)
    end
  end
end
return {
  call('HGET', state, 'changes'), extra, table.concat(lists), table.concat(listed), table.concat(ranks),
  table.concat(sizes), table.concat(found)
}
