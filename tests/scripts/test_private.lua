-- policy/private.lua: for who is not invited there is no such conference.
local options = { hosts = { "alice" }, guests = { "bob", "sip:carol@example.org" } }

test("who is invited comes in, and nobody else learns that it is there", function(sim)
  local tea = sim:conference { name = "tea", policy = "private", options = options }
  local alice = sim:call("alice", tea, { password = true })
  expect(alice.participant.role, "host")
  expect(sim:call("bob", tea, { password = true }).participant.role, "guest")
  local mallory = sim:call("mallory", tea, { password = true })
  local nobody = sim:call("mallory", "coffee", { password = true })
  expect(mallory.code, 404)
  expect({ mallory.code, mallory.reason }, { nobody.code, nobody.reason })
end)

test("a name that anybody can write is no proof", function(sim)
  local tea = sim:conference { policy = "private", options = options }
  expect(sim:call("carol", tea, { host = "example.org" }).code, 404)
  expect(sim:call("carol", tea, { host = "example.org", proof = "peer" }).status, "in")
end)

test("whom a host has called may call back", function(sim)
  local tea = sim:conference { policy = "private", options = options }
  sim:call("alice", tea, { password = true })
  expect(sim:call("dave", tea, { host = "192.0.2.7", proof = "peer" }).code, 404)
  assert(tea:invite "sip:dave@192.0.2.7")
  sim:called("dave"):answer():hangup()
  expect(sim:call("dave", tea, { host = "192.0.2.7", proof = "peer" }).status, "in")
end)

test("who is in sees who is in", function(sim)
  local tea = sim:conference { policy = "private", options = options }
  local bob = sim:call("bob", tea, { password = true })
  sim:call("alice", tea, { password = true })
  assert(bob:document():find "sip:alice@example.com")
  expect(select(3, sim:call("eve", tea):document()), 404)
end)
