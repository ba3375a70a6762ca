-- Put documents in, unless the lists that the decisions on them depend on have changed since they were fetched.
--
-- ARGV: identity; the number of changes when they were fetched; what the limits were raised by; the limits; entries; for
-- each how many ranks it had and the last of them, four bytes each (a number of 2^32 - 1 for one that does not matter);
-- what is put into the lists, sorted: the number of an entry and the number of a document; for each document how its
-- representative is named (0: none, 1: by its rank, 2: by its number) and the rank or number; the ranks of
-- representatives and of documents replaced, which must be there; the ranks of documents replaced; a mark, or "", and
-- its value; and of each document the row without the representative, and the text.
-- Gives the rank of the first, or -1 where something has changed and nothing was done.
local changes, extra, limits, entries, expected = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local postings, representatives, needed, replaced = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local mark, value, before = ARGV[11], ARGV[12], 12
local count = (#ARGV - before) / 2

local unchanged = call('HGET', state, 'changes') == changes
if not unchanged then
  for first = 1, #needed, 4 do
    if call('HEXISTS', rows, sub(needed, first, first + 3)) == 0 then
      return -1
    end
  end
  for number = 0, #entries / 5 - 1 do
    local least = unpack_number('<I4', expected, 8 * number + 1)
    if least ~= 4294967295 then
      local entry = sub(entries, 5 * number + 1, 5 * number + 5)
      local limit = unpack_number('<I4', limits, 4 * string.byte(entry) + 1) + extra
      local size, last = extent(entry, limit)
      if size ~= least or (size > 0 and last ~= sub(expected, 8 * number + 5, 8 * number + 8)) then
        return -1
      end
    end
  end
end

local base = tonumber(call('HGET', state, 'next'))
if base + count >= 4294967295 then
  return redis.error_reply('FULL no more documents can be numbered')
end
call('HINCRBY', state, 'changes', 1)
call('HINCRBY', state, 'next', count)

for first = 1, #replaced, 4 do
  remove(sub(replaced, first, first + 3))
end

local place = 1
while place < #postings do
  local number, document = unpack_number('<I4I4', postings, place)
  local ranks = pack('<I4', base + document)
  place = place + 8
  while place < #postings do
    local following, another = unpack_number('<I4I4', postings, place)
    if following ~= number then
      break
    end
    ranks = ranks .. pack('<I4', base + another)
    place = place + 8
  end
  local entry = sub(entries, 5 * number + 1, 5 * number + 5)
  local head = ''
  -- What nobody has changed and was empty is empty still.
  if not unchanged or sub(expected, 8 * number + 1, 8 * number + 4) ~= '\0\0\0\0' then
    head = call('HGET', heads .. sub(entry, 1, 3), sub(entry, 4, 5)) or ''
  end
  append(entry, head, ranks)
end

for document = 0, count - 1 do
  local rank = pack('<I4', base + document)
  local kind, of = unpack_number('<BI4', representatives, 5 * document + 1)
  local representative = NONE
  if kind == 1 then
    representative = pack('<I4', of)
  elseif kind == 2 then
    representative = pack('<I4', base + of)
  end
  local row = ARGV[before + 1 + 2 * document]
  -- One that was replaced by another that came with it is numbered, and not there.
  if row ~= '' then
    call('HSET', rows, rank, representative .. row)
    call('HSET', texts, rank, ARGV[before + 2 + 2 * document])
    if kind ~= 0 and (kind == 1 or ARGV[before + 1 + 2 * of] ~= '') then
      call('HINCRBY', dropped, representative, 1)
    end
  end
end
-- Documents may have been dropped for one that was replaced by a later one.
for first = 1, #replaced, 4 do
  call('HDEL', dropped, sub(replaced, first, first + 3))
end
if mark ~= '' then
  call('HSET', name .. ':marks', sub(mark, 2), value)
end
return base
