-- What the other scripts begin with: the keys, and the lists of documents.
--
-- KEYS[1] is the name of the index, ARGV[1] its identity. An entry is five bytes: the number of a table, and a key, the
-- greatest byte first. The list of an entry holds the documents that have it, by rank, ascending, four bytes each, the
-- least byte first. Its first HEAD bytes stand in a hash, one for each table and upper half of a key, so that most lists
-- cost little more than themselves; what comes behind is a Redis list, which is pushed to and taken from at its ends.
local call, sub = redis.call, string.sub
local pack, unpack_number = struct.pack, struct.unpack
local name = KEYS[1]
local state, rows, texts, dropped = name .. ':state', name .. ':rows', name .. ':texts', name .. ':dropped'
local heads, rest = name .. ':l', name .. ':m'
local HEAD, NONE = 64, '\255\255\255\255'

if call('HGET', state, 'identity') ~= ARGV[1] then
  return redis.error_reply('GONE the index is not there any more')
end

-- The first `limit` ranks of a list.
local function members(entry, limit)
  local head = call('HGET', heads .. sub(entry, 1, 3), sub(entry, 4, 5))
  if not head then
    return ''
  end
  if #head > 4 * limit then
    return sub(head, 1, 4 * limit)
  end
  if #head == HEAD and 4 * limit > HEAD then
    return head .. table.concat(call('LRANGE', rest .. entry, 0, limit - HEAD / 4 - 1))
  end
  return head
end

-- How many ranks a list has, of the first `limit`, and the last of these: a list whose members are only ever put behind
-- the others, or taken out, is the same if these are.
local function extent(entry, limit)
  local head = call('HGET', heads .. sub(entry, 1, 3), sub(entry, 4, 5))
  if not head then
    return 0, NONE
  end
  local count = #head / 4
  if count < limit and #head == HEAD then
    local more = math.min(call('LLEN', rest .. entry), limit - count)
    if more > 0 then
      return count + more, call('LINDEX', rest .. entry, more - 1)
    end
  end
  count = math.min(count, limit)
  return count, sub(head, 4 * count - 3, 4 * count)
end

-- Put ranks, all above those of the list, behind them; `head` is what stands in the hash.
local function append(entry, head, ranks)
  local room = HEAD - #head
  if room > 0 then
    call('HSET', heads .. sub(entry, 1, 3), sub(entry, 4, 5), head .. sub(ranks, 1, room))
  end
  for first = room + 1, #ranks, 4 do
    call('RPUSH', rest .. entry, sub(ranks, first, first + 3))
  end
end

-- Take a rank out of a list.
local function take(entry, rank)
  local hash, field = heads .. sub(entry, 1, 3), sub(entry, 4, 5)
  local head = call('HGET', hash, field)
  if not head then
    return
  end
  for first = 1, #head, 4 do
    if sub(head, first, first + 3) == rank then
      local left = sub(head, 1, first - 1) .. sub(head, first + 4)
      if #head == HEAD then
        left = left .. (call('LPOP', rest .. entry) or '')
      end
      if left == '' then
        call('HDEL', hash, field)
      else
        call('HSET', hash, field, left)
      end
      return
    end
  end
  call('LREM', rest .. entry, 1, rank)
end

-- Take a document out; whether it was there. A row holds the rank of the representative, the number of the entries that
-- stand at its end, and from its 33rd byte on the date.
local function remove(rank)
  local row = call('HGET', rows, rank)
  if not row then
    return false
  end
  local entries = #row - 5 * unpack_number('<I4', row, 5)
  for first = entries + 1, #row, 5 do
    take(sub(row, first, first + 4), rank)
  end
  local representative = sub(row, 1, 4)
  if representative ~= NONE and call('HEXISTS', rows, representative) == 1 then
    if call('HINCRBY', dropped, representative, -1) <= 0 then
      call('HDEL', dropped, representative)
    end
  end
  call('HDEL', rows, rank)
  call('HDEL', texts, rank)
  call('HDEL', dropped, rank)
  return true
end
