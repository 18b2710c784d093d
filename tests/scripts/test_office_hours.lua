-- policy/office-hours.lua: open by local time, with an announcement before the end.
local zone = "Europe/Berlin"

local function desk(sim, options)
  options.zone = zone
  return sim:conference { policy = "office-hours", options = options }
end

test("outside of its hours callers are told when to come", function(sim)
  local conference = desk(sim, { opens = "08:00", closes = "17:30" })
  sim:time("2026-03-02 07:59", zone) -- a Monday
  local early = sim:call("bob", conference)
  expect(early.status, "rejected")
  expect(early.code, 480)
  expect(early.reason, "Open from 08:00 to 17:30")
  sim:advance "1m"
  expect(sim:call("bob", conference).status, "in")
  sim:time("2026-03-01 12:00", zone) -- a Sunday
  expect(sim:call("carol", conference).code, 480)
end)

test("who may always come in does", function(sim)
  local conference = desk(sim, { always = { "alice" } })
  sim:time("2026-03-02 03:00", zone)
  expect(sim:call("alice", conference, { password = true }).status, "in")
  expect(sim:call("alice", conference).code, 480, "who only says so")
end)

test("at its end it is announced, and over for all", function(sim)
  local conference = desk(sim, { closes = "17:30", warning = "5m" })
  sim:time("2026-03-02 09:00", zone)
  local bob = sim:call("bob", conference)
  sim:advance "505m" -- 17:25
  expect(bob:heard(), { "conference-ends" })
  expect(bob.status, "in")
  sim:advance "301s"
  expect(bob.status, "gone")
end)

test("hours that go over midnight belong to the day on which they begin", function(sim)
  local conference = desk(sim, { opens = "22:00", closes = "06:00", days = { "friday" } })
  sim:time("2026-03-07 05:00", zone) -- a Saturday
  expect(sim:call("bob", conference).status, "in")
  sim:advance "65m"
  expect(sim:call("carol", conference).code, 480)
end)

test("it knows daylight saving time", function(sim)
  local conference = desk(sim, { opens = "09:00", days = { "sunday" } })
  sim:time("2026-03-29 01:30", zone) -- half an hour later it is 3 o'clock
  sim:advance "389m"
  expect(sim:call("bob", conference).code, 480, "at 8:59")
  sim:advance "1m"
  expect(sim:call("bob", conference).status, "in", "at 9:00")
end)

test("beside announcements the end is said by these alone", function(sim)
  local conference = sim:conference { policy = { "office-hours", "announcements" },
                                      options = { closes = "17:30", zone = zone } }
  sim:time("2026-03-02 17:20", zone)
  local bob = sim:call("bob", conference)
  sim:advance "6m"
  expect(bob:heard(), { "you-are-alone", "ends-in", "5", "minutes" })
  sim:advance "5m"
  expect(bob:heard()[5], "conference-over")
  expect(#bob:heard(), 5)
  expect(bob.status, "gone")
end)
