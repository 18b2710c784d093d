-- How many seconds go by in a second: `parley test tests/scripts/bench_simulation.lua` says it.
local with_reception = { applications = { ["9000"] = "reception" } }

-- A lecture, in which each second somebody raises a hand and is given the floor.
local function lecture(people)
  return function(sim)
    local hall = sim:conference { policy = "lecture", options = { lecturers = { "alice" } } }
    local alice = sim:call("alice", hall, { password = true })
    local listeners = {}
    for i = 1, people do listeners[i] = sim:call("listener" .. i, hall) end
    for second = 1, 600 do
      listeners[second % people + 1]:press "1"
      alice:press "1"
      sim:advance(0.8)
    end
  end
end

test("a lecture of 10", lecture(10))
test("a lecture of 100", lecture(100))

test("500 calls in the reception's menu", with_reception, function(sim)
  for i = 1, 500 do sim:call("caller" .. i, "9000", { host = "host" .. i }) end
  sim:advance "1m"
end)
