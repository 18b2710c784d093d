-- policy/panel.lua: a stage, a backstage, and a hall.
local function talk(sim, seats)
  local conference = sim:conference {
    policy = "panel", options = { hosts = { "alice" }, panelists = { "bob" }, seats = seats },
  }
  local alice = sim:call("alice", conference, { password = true })
  return alice, sim:call("bob", conference, { password = true }), sim:call("carol", conference)
end

test("the hall hears the stage, which does not hear the hall", function(sim)
  local alice, bob, carol = talk(sim)
  expect(bob.participant.role, "panelist")
  expect(alice:hears(bob), 0)
  expect(carol:hears(bob), 0)
  expect(alice:hears(carol), nil)
end)

test("by way of the backstage, where hosts alone hear them, guests come on stage", function(sim)
  local alice, bob, carol = talk(sim)
  carol:press "1"
  alice:press "1"
  expect(carol.participant.role, "backstage")
  expect(alice:hears(carol), -6)
  expect(bob:hears(carol), nil)
  alice:press "2"
  expect(bob:hears(carol), 0)
  alice:press "3"
  expect(carol.participant.role, "audience")
  expect(bob:hears(carol), nil)
end)

test("who asks twice has one wish, and takes it back by one key", function(sim)
  local _, _, carol = talk(sim)
  carol:press "11"
  expect(#sim:decisions "floor", 1)
  carol:press "2"
  carol:press "1"
  expect(#sim:decisions "floor", 2)
end)

test("a stage has so many seats", function(sim)
  local alice, _, carol = talk(sim, 1)
  carol:press "1"
  alice:press "12"
  expect(carol.participant.role, "backstage")
  local refused = sim:decisions "role"
  expect(refused[#refused].reason, "No seat is free")
end)
