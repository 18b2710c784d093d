-- policy/members.lua: accounts, and guests by a PIN, which the reception asks for.
local options = { hosts = { "alice" }, groups = { "staff" }, pin = "4711", guests_speak = false }
local with_reception = { applications = { ["9000"] = "reception" } }

test("accounts of the group come in, and others not", function(sim)
  local board = sim:conference { policy = "members", options = options }
  expect(sim:call("alice", board, { password = true }).participant.role, "host")
  expect(sim:call("bob", board, { password = true, groups = "staff" }).participant.role, "member")
  expect(sim:call("carol", board, { password = true, groups = "sales" }).reason, "Members only")
  expect(sim:call("dave", board).code, 401, "a stranger is asked for a password")
end)

test("a guest with the PIN listens, and is not told who is in", with_reception, function(sim)
  local board = sim:conference { name = "100", policy = "members", options = options }
  local alice = sim:call("alice", board, { password = true })
  local guest = sim:call("guest", "9000")
  sim:advance "20s"
  guest:press "2"
  guest:press "100#"
  guest:press "4711#"
  sim:advance "5s"
  expect(guest.status, "in")
  expect(guest:hears(alice), 0)
  expect(alice:hears(guest), nil)
  expect(select(2, guest:document()), "Members only")
end)

test("three wrong PINs lock a caller out, also after a new call", with_reception, function(sim)
  sim:conference { name = "100", policy = "members", options = options }
  local eve = sim:call("eve", "9000")
  eve:press "2"
  eve:press "100#"
  for _ = 1, 3 do
    eve:press "1234#"
    sim:advance "5s"
  end
  sim:advance "1m"
  expect(eve.status, "gone")
  eve = sim:call("eve", "9000")
  eve:press "2"
  eve:press "100#"
  eve:press "4711#"
  sim:advance "1m"
  expect(eve.status, "gone")
  assert(table.concat(eve:heard(), " "):find "locked%-out")
  sim:advance "6m"
  eve = sim:call("eve", "9000")
  eve:press "2"
  eve:press "100#"
  eve:press "4711#"
  sim:advance "5s"
  expect(eve.status, "in", "once the wrong ones are forgotten")
end)
