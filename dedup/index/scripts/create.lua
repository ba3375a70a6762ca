-- Make an index where there is none. KEYS[1]: its name; ARGV: its identity, and names and values of facts.
-- Gives whether it was made.
local state = KEYS[1] .. ':state'
if redis.call('EXISTS', state) == 1 then
  return 0
end
redis.call('HSET', state, 'identity', ARGV[1], 'changes', 0, 'next', 0, 'first', 0)
for place = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[1] .. ':facts', ARGV[place], ARGV[place + 1])
end
return 1
