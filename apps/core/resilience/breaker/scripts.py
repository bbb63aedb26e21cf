"""The breaker's decisions as Lua: each is one atomic step in Redis, on Redis' own clock.

KEYS: the hash of the circuit, and the one place for a trial: the token of its owner, until it expires.
Hash: state epoch fails succ trips retry_at opened_at changed_at stuck held; moments in ms of Redis' clock.
And `open_ms`: how long all outages that are over took together.
`epoch` goes up with each change of state: a result admitted in an earlier one says nothing any more.
Times cross to the client as durations, so that nobody's clock is compared with another's.
"""

_PRELUDE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local names = {'state','epoch','fails','succ','trips','retry_at','opened_at','changed_at','stuck','held',
  'open_ms'}
local row = redis.call('HMGET', KEYS[1], unpack(names))
local exists = row[1] ~= false
local c = {state = row[1] or 'closed'}
for i = 2, #names do c[names[i]] = tonumber(row[i] or '0') end

local function ms(number) return string.format('%.0f', number) end
local function save(keep)
  redis.call('HSET', KEYS[1], 'state', c.state, 'epoch', ms(c.epoch), 'fails', ms(c.fails),
    'succ', ms(c.succ), 'trips', ms(c.trips), 'retry_at', ms(c.retry_at), 'opened_at', ms(c.opened_at),
    'changed_at', ms(c.changed_at), 'stuck', ms(c.stuck), 'held', ms(c.held), 'open_ms', ms(c.open_ms))
  if c.held == 1 then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], keep) end
end
local function go(state)
  c.state = state; c.epoch = c.epoch + 1; c.succ = 0; c.changed_at = now; c.held = 0
  redis.call('DEL', KEYS[2])
end
local function open_for() if c.opened_at > 0 then return now - c.opened_at end return 0 end
local function close()
  go('closed')
  c.open_ms = c.open_ms + open_for()
  c.fails = 0; c.trips = 0; c.retry_at = 0; c.opened_at = 0; c.stuck = 0
end
local function reply(accepted, previous, succ, down, news)
  return {accepted, previous, c.state, ms(c.epoch), ms(c.fails), ms(succ), ms(c.trips),
    ms(math.max(0, c.retry_at - now)), ms(down), news, '-1', c.held}
end
-- For snapshots: item 11 is ms since the last change, or -1, item 13 ms not closed, all outages together.
local function look()
  local answer = reply(1, c.state, c.succ, open_for(), 0)
  if c.changed_at > 0 then answer[11] = ms(now - c.changed_at) end
  answer[13] = ms(c.open_ms + open_for())
  return answer
end

-- A Redis that came back empty, or was away while a process saw the service fail, is told so.
-- Returns whether it was. ARGV 1-7: state, epoch, fails, trips, retry_in ms, open_for ms, diverged 0/1
-- `held` is told last. An operator's epochs are moments, so a hold is news only to who has not seen it.
local function adopt(held)
  local state, retry_in = ARGV[1], tonumber(ARGV[5])
  local is_hold = held == '1' and state == 'open'
  local is_lost_hold = is_hold and c.held == 0 and tonumber(ARGV[2]) > c.epoch
  -- Epochs only go up: who is ahead of Redis, though nothing changed without it, saw what Redis has lost.
  local is_lost = ARGV[7] == '0' and c.state == 'closed' and state ~= 'closed' and tonumber(ARGV[2]) > c.epoch
  if exists and not is_lost_hold and not is_lost
    and not (ARGV[7] == '1' and c.state == 'closed' and state == 'open' and retry_in > 0) then
    return false
  end
  c.epoch = math.max(c.epoch + 1, tonumber(ARGV[2]))
  if not exists then c.epoch = tonumber(ARGV[2]) end
  c.state = state; c.fails = tonumber(ARGV[3]); c.trips = tonumber(ARGV[4])
  c.held = is_hold and 1 or 0
  if state ~= 'closed' then
    c.retry_at = now + retry_in; c.opened_at = now - tonumber(ARGV[6]); c.changed_at = now
  end
  redis.call('DEL', KEYS[2])
  return true
end
"""

# ARGV 8-14: token, probe ttl ms, retry ms while a trial runs, stuck after ms, keep ms, held 0/1,
# and after how many ms callers of a held circuit ask again
ADMIT = (
    _PRELUDE
    + """
local changed = adopt(ARGV[13])
local previous, accepted, news = c.state, 1, 0
if c.state ~= 'closed' and c.held == 0 and c.stuck == 0 and open_for() >= tonumber(ARGV[11]) then
  c.stuck = 1; news = 1; changed = true
end
if c.state == 'open' then
  if c.held == 1 or now < c.retry_at then accepted = 0 else go('half-open'); changed = true end
end
local retry_at = c.retry_at
if c.held == 1 then retry_at = now + tonumber(ARGV[14]) end
if c.state == 'half-open' then
  if not redis.call('SET', KEYS[2], ARGV[8], 'NX', 'PX', ARGV[9]) then
    accepted = 0; retry_at = now + tonumber(ARGV[10])
  end
end
if changed then save(ARGV[12]) end
c.retry_at = retry_at
return reply(accepted, previous, c.succ, open_for(), news)
"""
)

# ARGV 8-16: token, epoch of admission, verdict, fail_max, success_threshold, reset ms, cap ms, keep ms, held
RECORD = (
    _PRELUDE
    + """
local changed = adopt(ARGV[16])
local previous, accepted, verdict = c.state, 1, ARGV[10]
local succ, down = c.succ, open_for()
local function trip()
  c.trips = c.trips + 1
  go('open')
  c.retry_at = now + math.min(tonumber(ARGV[14]), tonumber(ARGV[13]) * 2 ^ math.min(c.trips - 1, 20))
  if c.opened_at == 0 then c.opened_at = now end
  down = open_for()
end
if tonumber(ARGV[9]) ~= c.epoch then
  accepted = 0
elseif c.state == 'closed' then
  if verdict == 'success' and c.fails > 0 then c.fails = 0; changed = true end
  if verdict == 'failure' then
    c.fails = c.fails + 1; changed = true
    if c.fails >= tonumber(ARGV[11]) then trip() end
  end
elseif c.state == 'half-open' then
  if redis.call('GET', KEYS[2]) ~= ARGV[8] then
    accepted = 0  -- it took so long that its place was given to another
  else
    redis.call('DEL', KEYS[2])
  end
  if accepted == 0 then  -- nothing more to say
  elseif verdict == 'failure' then
    trip(); changed = true
  elseif verdict == 'success' then
    c.succ = c.succ + 1; succ = c.succ; changed = true
    if c.succ >= tonumber(ARGV[12]) then close() end
  end
end
if changed then save(ARGV[15]) end
return reply(accepted, previous, succ, down, 0)
"""
)

# ARGV 1-3: state, retry_in ms, keep ms.  A hand on the switch: what is under way no longer counts.
FORCE = (
    _PRELUDE
    + """
local previous, down = c.state, open_for()
if ARGV[1] == 'closed' then
  close()
else
  go(ARGV[1])
  c.trips = math.max(c.trips, 1); c.retry_at = now + tonumber(ARGV[2])
  if c.opened_at == 0 then c.opened_at = now end
end
save(ARGV[3])
return reply(1, previous, 0, down, 0)
"""
)

# ARGV 1-2: 'hold' or 'close', keep ms.  An operator's switch: what it found, what it left, and the change.
# The epoch becomes the moment: whatever any process remembers of the circuit is older.
SWITCH = (
    _PRELUDE
    + """
local previous, down, before, epoch = c.state, open_for(), look(), math.max(c.epoch + 1, now)
if ARGV[1] == 'hold' then
  go('open')
  c.held = 1; c.trips = math.max(c.trips, 1); c.retry_at = 0
  if c.opened_at == 0 then c.opened_at = now end
else
  close()
end
c.epoch = epoch
save(ARGV[2])
return {before, look(), reply(1, previous, 0, down, 0)}
"""
)

# Reads only, and so never admits a trial.
READ = (
    _PRELUDE
    + """
return look()
"""
)
