-- wrk at a fixed rate, one connection after the other, each request told on a line of
-- its own:  wrk -t1 -c1 -d1s -H 'Connection: close' -s paced.lua URL -- RATE BODY
--
-- wrk cannot hold a rate. Its delay() would pause after the connection is made, and the
-- server would have accepted it long before the request. response() is called before
-- wrk opens the next connection: here the pause is before the connect, and the clock is
-- read before the connect too, where wrk's own begins after it.

local ffi = require("ffi")
ffi.cdef [[
struct timespec { long tv_sec; long tv_nsec; };
int clock_gettime(int clock, struct timespec *now);
int clock_nanosleep(int clock, int flags, const struct timespec *moment,
                    struct timespec *left);
]]

local MONOTONIC, ABSOLUTE, SECOND_NS = 1, 1, 1000000000
local due, now = ffi.new("struct timespec"), ffi.new("struct timespec")
local every_ns, expected, began_s

local function clock_s()
  ffi.C.clock_gettime(MONOTONIC, now)
  return tonumber(now.tv_sec) + tonumber(now.tv_nsec) / SECOND_NS
end

function init(args)
  every_ns = math.floor(SECOND_NS / tonumber(args[1]))
  expected = args[2]
end

function response(status, headers, body)
  local ended_s = clock_s()
  if began_s then
    local fault = (status == 200 and body == expected) and "right" or "wrong"
    io.write(string.format("request %.6f %.6f %s\n", began_s, ended_s, fault))
  else -- the first connection was made before any of this
    ffi.C.clock_gettime(MONOTONIC, due)
  end
  due.tv_nsec = due.tv_nsec + every_ns
  if due.tv_nsec >= SECOND_NS then
    due.tv_sec, due.tv_nsec = due.tv_sec + 1, due.tv_nsec - SECOND_NS
  end
  ffi.C.clock_nanosleep(MONOTONIC, ABSOLUTE, due, nil)
  began_s = clock_s()
end
