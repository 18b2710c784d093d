-- policy/lecture.lua: one is heard, the hall listens and asks for the floor by a key.
local function hall(sim)
  local conference = sim:conference {
    policy = "lecture", options = { lecturers = { "alice" }, wait = "10m" },
  }
  local alice = sim:call("alice", conference, { password = true })
  return conference, alice, sim:call("bob", conference), sim:call("carol", conference)
end

test("the hall hears the lecturer, who hears a murmur; they do not hear each other", function(sim)
  local _, alice, bob, carol = hall(sim)
  expect(alice.participant.role, "lecturer")
  expect(bob:hears(alice), 0)
  expect(alice:hears(bob), -24)
  expect(carol:hears(bob), nil)
end)

test("who has raised a hand is heard by all, from the lecturer's key on", function(sim)
  local _, alice, bob, carol = hall(sim)
  bob:press "1"
  expect(carol:hears(bob), nil)
  alice:press "1"
  expect(bob.participant.has_floor, true)
  expect(carol:hears(bob), 0)
  alice:press "2"
  expect(carol:hears(bob), nil)
end)

test("the next one takes the place of who had the floor", function(sim)
  local _, alice, bob, carol = hall(sim)
  bob:press "1"
  carol:press "1"
  alice:press "11"
  expect(bob.participant.has_floor, false)
  expect(carol.participant.has_floor, true)
  expect(bob:hears(carol), 0)
  expect(carol:hears(bob), nil)
end)

test("without questions all hands go down, and none goes up", function(sim)
  local conference, alice, bob = hall(sim)
  bob:press "1"
  alice:press "3"
  expect(conference:pending()(), nil)
  bob:press "1"
  expect(conference:pending()(), nil)
end)

test("a hand that nobody has seen goes down by itself", function(sim)
  local conference, _, bob = hall(sim)
  bob:press "1"
  sim:advance "9m"
  expect(conference:pending()().verb, "floor")
  sim:advance "2m"
  expect(conference:pending()(), nil)
end)
