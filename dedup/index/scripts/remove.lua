-- Take documents out. ARGV: identity; their ranks, four bytes each. Gives how many were there.
local count = 0
for first = 1, #ARGV[2], 4 do
  if remove(sub(ARGV[2], first, first + 3)) then
    count = count + 1
  end
end
if count > 0 then
  call('HINCRBY', state, 'changes', 1)
end
return count
