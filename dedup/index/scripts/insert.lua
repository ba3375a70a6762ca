-- Put documents in, unless the lists that the decisions on them depend on have changed since they were fetched.
--
-- ARGV: identity; the number of changes when they were fetched; what the limits were raised by; the limits; hashes and
-- fields of entries; for each how many ranks it had, 2^32 - 1 for one that does not matter, and the last of them; what
-- is put into the lists, sorted: numbers of entries, and of documents; for each document how its representative is named
-- (0: none, 1: by its rank, 2: by its number) and the rank or number; the ranks of representatives and of documents
-- replaced, which must be there; the ranks of documents replaced, as bytes; a mark, or "", and its value; and of each
-- document the row without the representative, and the text. Numbers count from 0.
-- Gives the rank of the first, or -1 where something has changed and nothing was done.
local changes, extra, limits = ARGV[2], tonumber(ARGV[3]), unpack_array(ARGV[4])
local hashes, fields = unpack_array(ARGV[5]), unpack_array(ARGV[6])
local counts, lasts = unpack_array(ARGV[7]), unpack_array(ARGV[8])
local numbers, documents = unpack_array(ARGV[9]), unpack_array(ARGV[10])
local kinds, named = unpack_array(ARGV[11]), unpack_array(ARGV[12])
local needed, replaced, mark, value, before = unpack_array(ARGV[13]), ARGV[14], ARGV[15], ARGV[16], 16
local count = #kinds
local UNCHECKED = 4294967295

local known = {}
local unchanged = call('HGET', state, 'changes') == changes
if not unchanged then
  for place = 1, #needed do
    if call('HEXISTS', rows, pack('<I4', needed[place])) == 0 then
      return -1
    end
  end
  for place = 1, #hashes do
    if counts[place] ~= UNCHECKED then
      local hash, field = hashes[place], fields[place]
      local head = call('HGET', hash, field) or ''
      local size, last = extent(hash, field, head, limits[table_of(hash) + 1] + extra)
      if size ~= counts[place] or (size > 0 and last ~= lasts[place]) then
        return -1
      end
      known[place] = head
    end
  end
end

local base = tonumber(call('HGET', state, 'next'))
if base + count >= 4294967295 then
  return redis.error_reply('FULL no more documents can be numbered')
end
call('HINCRBY', state, 'changes', 1)
call('HINCRBY', state, 'next', count)

local nothing_replaced = replaced == ''
for first = 1, #replaced, 4 do
  remove(sub(replaced, first, first + 3))
end

local ranks = {}
for document = 0, count - 1 do
  ranks[document] = pack('<I4', base + document)
end

local place = 1
while place <= #numbers do
  local number = numbers[place]
  local added = ranks[documents[place]]
  place = place + 1
  while numbers[place] == number do
    added = added .. ranks[documents[place]]
    place = place + 1
  end
  local hash, field = hashes[number + 1], fields[number + 1]
  -- What was found empty, and nobody has changed since, is empty still.
  local head = nothing_replaced and known[number + 1]
  if not head then
    head = unchanged and counts[number + 1] == 0 and '' or call('HGET', hash, field) or ''
  end
  append(hash, field, head, added)
end

local count_dropped = 0
for document = 0, count - 1 do
  local kind, of = kinds[document + 1], named[document + 1]
  local row = ARGV[before + 1 + 2 * document]
  -- One that was replaced by another that came with it is numbered, and not there.
  if row ~= '' then
    local representative = NONE
    if kind == 1 then
      representative = pack('<I4', of)
    elseif kind == 2 then
      representative = ranks[of]
    end
    call('HSET', rows, ranks[document], representative .. row)
    call('HSET', texts, ranks[document], ARGV[before + 2 + 2 * document])
    if kind ~= 0 then
      count_dropped = count_dropped + 1
    end
    if kind == 1 or (kind == 2 and ARGV[before + 1 + 2 * of] ~= '') then
      call('HINCRBY', dropped, representative, 1)
    end
  end
end
-- Documents may have been dropped for one that was replaced by a later one.
for first = 1, #replaced, 4 do
  call('HDEL', dropped, sub(replaced, first, first + 3))
end
if count_dropped > 0 then
  call('HINCRBY', state, 'dropped', count_dropped)
end
if mark ~= '' then
  call('HSET', name .. ':marks', sub(mark, 2), value)
end
return base
