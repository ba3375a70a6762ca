-- What the other scripts begin with: the keys, and the lists of documents.
--
-- KEYS[1] is the name of the index, ARGV[1] its identity. Each table and key of the index has a list of the documents
-- that have it, by rank, ascending, four bytes each, the least byte first. Its first HEAD bytes are the value of a field
-- of a Redis hash; what comes behind is a Redis list, which is pushed to and taken from at its ends. Redis keeps a small
-- hash of short values in one piece, so that most lists cost little more than themselves. The key of the hash ends with
-- the number of the table and two bytes, and with the field it makes an entry (see dedup/index/entries.py).
-- Arrays come as MessagePack.
local call, sub, unpack_array = redis.call, string.sub, cmsgpack.unpack
local pack, unpack_number = struct.pack, struct.unpack
local name = KEYS[1]
local state, rows, texts, dropped = name .. ':state', name .. ':rows', name .. ':texts', name .. ':dropped'
local heads, rest = name .. ':l', name .. ':m'
local ENTRY, HEAD, ROW, NONE = 6, 64, 52, '\255\255\255\255'

if call('HGET', state, 'identity') ~= ARGV[1] then
  return redis.error_reply('GONE the index is not there any more')
end

-- The key of what comes behind the first ranks of a list.
local function rest_of(hash, field)
  return rest .. sub(hash, -3) .. field
end

-- The table that a hash belongs to.
local function table_of(hash)
  return string.byte(hash, -3)
end

-- The first `limit` ranks of a list, of which `head` stands in the hash.
local function members(hash, field, head, limit)
  if #head > 4 * limit then
    return sub(head, 1, 4 * limit)
  end
  if #head == HEAD and 4 * limit > HEAD then
    return head .. table.concat(call('LRANGE', rest_of(hash, field), 0, limit - HEAD / 4 - 1))
  end
  return head
end

-- How many ranks a list has, of the first `limit`, and the last of these: a list whose members are only ever put behind
-- the others, or taken out, is the same if these are.
local function extent(hash, field, head, limit)
  local count, last = #head / 4, nil
  if count < limit and #head == HEAD then
    local more = math.min(call('LLEN', rest_of(hash, field)), limit - count)
    if more > 0 then
      return count + more, unpack_number('<I4', call('LINDEX', rest_of(hash, field), more - 1))
    end
  end
  count = math.min(count, limit)
  if count == 0 then
    return 0, 0
  end
  return count, (unpack_number('<I4', head, 4 * count - 3))
end

-- Put ranks, all above those of the list, behind them; `head` is what stands in the hash.
local function append(hash, field, head, ranks)
  local room = HEAD - #head
  if #ranks <= room then
    call('HSET', hash, field, head .. ranks)
    return
  end
  if room > 0 then
    call('HSET', hash, field, head .. sub(ranks, 1, room))
  end
  for first = room + 1, #ranks, 4 do
    call('RPUSH', rest_of(hash, field), sub(ranks, first, first + 3))
  end
end

-- Take a rank out of a list.
local function take(hash, field, rank)
  local head = call('HGET', hash, field)
  if not head then
    return
  end
  for first = 1, #head, 4 do
    if sub(head, first, first + 3) == rank then
      local left = sub(head, 1, first - 1) .. sub(head, first + 4)
      if #head == HEAD then
        left = left .. (call('LPOP', rest_of(hash, field)) or '')
      end
      if left == '' then
        call('HDEL', hash, field)
      else
        call('HSET', hash, field, left)
      end
      return
    end
  end
  call('LREM', rest_of(hash, field), 1, rank)
end

-- Take a document out; whether it was there. A row holds the rank of the representative, the number of the entries that
-- stand at its end, and from its 33rd byte on the date.
local function remove(rank)
  local row = call('HGET', rows, rank)
  if not row then
    return false
  end
  local entries = #row - ENTRY * unpack_number('<I4', row, 5)
  -- A number that is damaged would keep the server busy for hours, and nobody can stop a script that has written.
  if entries < ROW then
    error(redis.error_reply('DAMAGED a row names more entries than it has'))
  end
  for first = entries + 1, #row, ENTRY do
    take(heads .. sub(row, first, first + 2), sub(row, first + 3, first + 5), rank)
  end
  local representative = sub(row, 1, 4)
  if representative ~= NONE then
    call('HINCRBY', state, 'dropped', -1)
    if call('HEXISTS', rows, representative) == 1 and call('HINCRBY', dropped, representative, -1) <= 0 then
      call('HDEL', dropped, representative)
    end
  end
  call('HDEL', rows, rank)
  call('HDEL', texts, rank)
  call('HDEL', dropped, rank)
  return true
end
