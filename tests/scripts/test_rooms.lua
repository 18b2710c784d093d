-- policy/rooms.lua: guests wait for the host, and then for a place.
local config = { applications = { ["9000"] = "reception" } }

local function come(sim, name, conference, pin)
  local caller = sim:call(name, "9000")
  caller:press("2" .. conference.name .. "#")
  sim:advance "1s"
  caller:press(pin .. "#")
  sim:advance "30s"
  return caller
end

test("who waits while all places are taken comes in when one is free", config, function(sim)
  local room = sim:conference {
    policy = "rooms", name = "4711", capacity = 2,
    options = { host_pin = "8254", guest_pin = "1133" },
  }
  local bob, carol = come(sim, "bob", room, "1133"), come(sim, "carol", room, "1133")
  expect(bob.status == "in", false)
  local alice = come(sim, "alice", room, "8254")
  expect(alice.participant.role, "host")
  expect(bob.status, "in")
  expect(carol.status == "in", false)
  bob:hangup()
  sim:advance "1s"
  expect(carol.status, "in")
end)
