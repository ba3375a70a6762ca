-- Take documents out that were admitted before a moment, a part of them at a time.
--
-- ARGV: identity; the moment, eight bytes; the rank to begin with, or -1 for the first; the rank to end before; how many
-- ranks to look at, and how many documents to take out, at most. Gives the rank to go on with and how many were taken.
local moment = unpack_number('<d', ARGV[2])
local begin, finish, most, most_taken = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local first = tonumber(call('HGET', state, 'first'))
local rank = begin < 0 and first or begin
finish = math.min(finish, rank + most)
local count = 0
while rank < finish and count < most_taken do
  local key = pack('<I4', rank)
  local row = call('HGET', rows, key)
  if row and unpack_number('<d', row, 33) < moment then
    remove(key)
    row = false
    count = count + 1
  end
  -- Below the first one nothing is alive: the next call begins there.
  if rank == first and not row then
    first = first + 1
  end
  rank = rank + 1
end
if count > 0 then
  call('HINCRBY', state, 'changes', 1)
end
call('HSET', state, 'first', first)
return {rank, count}
