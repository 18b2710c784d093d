-- policy/moderated.lua: everybody waits until a moderator lets them in.
local options = { moderators = { "alice" }, wait = "2m" }

local function board(sim)
  local conference = sim:conference { policy = "moderated", options = options }
  return conference, sim:call("alice", conference, { password = true })
end

test("a caller waits with music, heard by nobody, until a moderator lets them in", function(sim)
  local conference, alice = board(sim)
  local bob = sim:call("bob", conference)
  expect(alice.participant.role, "moderator")
  expect(bob.status, "pending")
  expect(bob:hears(alice), nil)
  expect(alice:hears(bob), nil)
  expect(alice:heard(), { "somebody-waits" })
  sim:advance "30s"
  alice:press "1"
  expect(bob.status, "in")
  expect(bob:hears(alice), 0)
  expect(alice:hears(bob), 0)
end)

test("who is sent away is told so", function(sim)
  local conference, alice = board(sim)
  local bob = sim:call("bob", conference)
  alice:press "2"
  expect(bob.status, "gone")
  expect(bob.reason, "Declined")
end)

test("nobody waits longer than the options say", function(sim)
  local conference = board(sim)
  local bob = sim:call("bob", conference)
  sim:advance "119s"
  expect(bob.status, "pending")
  sim:advance "2s"
  expect(bob.status, "gone")
  expect(bob.code, 408)
end)
