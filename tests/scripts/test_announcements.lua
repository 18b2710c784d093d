-- policy/announcements.lua: who comes and goes, how many are in, what happens to all.
local JOIN, LEAVE = "tone:523/120,659/120", "tone:659/120,523/120"
local ALICE, BOB = "recording:alice.wav", "recording:bob.wav"

local function board(sim, options)
  return sim:conference { policy = { "announcements", "open" }, options = options }
end

-- Somebody with a name that can be played, or without.
local function enter(sim, user, conference, name)
  local caller = sim:call(user, conference)
  if name then caller.participant:set_spoken_name(name) end
  sim:advance "10s"
  return caller
end

-- What was heard after the first so many.
local function after(caller, count)
  local heard = caller:heard()
  return table.move(heard, count + 1, #heard, 1, {})
end

test("who comes is told how many are in, and then announced by a tone", function(sim)
  local conference = board(sim)
  local alice = enter(sim, "alice", conference)
  expect(alice:heard(), { "you-are-alone" })
  local bob = enter(sim, "bob", conference)
  expect(bob:heard(), { "there-are", "2", "participants", JOIN })
  expect(after(alice, 1), { JOIN }, "the count is for bob alone")
  local carol = enter(sim, "carol", conference)
  carol:hangup()
  sim:advance "10s"
  expect(after(alice, 2), { JOIN, LEAVE })
  bob:hangup()
  sim:advance "10s"
  expect(after(alice, 4), { "you-are-alone" })
end)

test("what was being said when it ended is not in the way of the next", function(sim)
  local conference = board(sim, { count = false })
  for _ = 1, 2 do
    local alice, bob = enter(sim, "alice", conference), sim:call("bob", conference)
    sim:advance "50ms"
    expect(alice:playing(), { JOIN })
    alice:hangup()
    bob:hangup()
    sim:advance "1m"
  end
end)

test("names are played up to a size, then tones, then nothing", function(sim)
  local conference = board(sim, { names = 3, tones = 4, count = false, alone = "" })
  local alice = enter(sim, "alice", conference, ALICE)
  local bob = enter(sim, "bob", conference, BOB)
  expect(alice:heard(), { JOIN, BOB, "has-joined" }, "his name came after him")
  bob:hangup()
  enter(sim, "carol", conference)
  expect(after(alice, 3), { JOIN }, "who went from two leaves one")
  enter(sim, "dave", conference)
  bob = enter(sim, "bob", conference)
  expect(after(alice, 4), { JOIN, JOIN })
  enter(sim, "eve", conference)
  expect(after(alice, 6), {}, "the fifth")
  bob:hangup()
  sim:advance "10s"
  expect(after(alice, 6), { LEAVE })
end)

test("a name is said when somebody leaves", function(sim)
  local conference = board(sim)
  local alice = enter(sim, "alice", conference, ALICE)
  local bob = enter(sim, "bob", conference, BOB)
  enter(sim, "carol", conference)
  local before = #alice:heard()
  bob:hangup()
  sim:advance "10s"
  expect(after(alice, before), { BOB, "has-left" })
end)

test("fifty who come at once are no queue of fifty", function(sim)
  local conference = board(sim, { names = 100, tones = 100 })
  local alice = enter(sim, "alice", conference)
  local before = #alice:heard()
  for i = 1, 50 do sim:call("user" .. i, conference) end
  sim:advance "1m"
  local heard = after(alice, before)
  expect(#heard >= 1 and #heard <= 4, true, #heard .. " tones")
end)

test("all are told that it is recorded, and so is who comes later", function(sim)
  local conference = board(sim, { tones = 0 })
  local alice = enter(sim, "alice", conference)
  enter(sim, "bob", conference)
  conference:record()
  sim:advance "5s"
  expect(after(alice, 1), { "recording-on" })
  local carol = enter(sim, "carol", conference)
  expect(carol:heard(), { "there-are", "3", "participants", "recording-on" })
  conference:pause_recording()
  sim:advance "5s"
  expect(after(alice, 2), { "recording-paused" })
  expect(enter(sim, "dave", conference):heard()[4], "recording-paused", "who comes meanwhile")
  conference:resume_recording()
  sim:advance "5s"
  expect(after(alice, 3), { "recording-resumed" })
  conference:stop_recording()
  sim:advance "5s"
  expect(after(alice, 4), { "recording-off" })
end)

test("its end is announced, and said", function(sim)
  local conference = board(sim)
  local alice = enter(sim, "alice", conference)
  conference:limit { duration = "10m", warning = "5m" }
  sim:advance "5m"
  sim:advance "10s"
  expect(after(alice, 1), { "ends-in", "5", "minutes" })
  sim:advance "287s"
  expect(alice.status, "in")
  expect(alice:playing(), { "conference-over" })
  expect(sim:call("bob", conference).code, 480, "while it says goodbye")
  sim:advance "3s"
  expect(alice.status, "gone")
  expect(after(alice, 4), { "conference-over" }, "all of it")
end)

test("the end of a time that is shorter than its warning is announced, too", function(sim)
  local conference = board(sim)
  local alice = enter(sim, "alice", conference)
  conference:limit { duration = "3m", warning = "5m" }
  sim:advance "10s"
  expect(after(alice, 1), { "ends-in", "3", "minutes" })
  sim:advance "3m"
  expect(after(alice, 4), { "conference-over" })
  expect(alice.status, "gone")
end)
