-- scripts/campaign.lua: a list of people is called into a conference, and what came of it is told.
local list = {
  "sip:ann@192.0.2.1", "sip:bob@192.0.2.2", "sip:cleo@192.0.2.3", "sip:dan@192.0.2.4",
  "sip:eve@192.0.2.5",
}

local function config(options)
  options.conference = "board"
  return { applications = { ["9100"] = { script = "campaign", options = options } } }
end

local function start(sim, caller)
  sim:conference { name = "board" }
  return sim:call(caller or "alice", "9100", { password = true })
end

local function ringing(sim, user)
  local caller = sim:called(user)
  return caller ~= nil and caller.status == "ringing"
end

local settings = { list = list, concurrent = 2, retries = 1, callers = { "alice" } }

test("so many at a time are called, busy ones again, and the caller reads what came of it",
  config(settings), function(sim)
    local alice = start(sim)
    expect(alice.status, "in")
    expect(alice.participant.role, "host")
    expect(ringing(sim, "ann") and ringing(sim, "bob"), true)
    expect(sim:called "cleo", nil)
    sim:called "ann":answer()
    expect(ringing(sim, "cleo"), true)
    sim:called "bob":reject(486)
    sim:called "cleo":reject(603)
    sim:advance "31s" -- nobody answers at Dan's and at Eve's
    expect(sim:called "dan".status ~= "ringing" and sim:called "eve".status ~= "ringing", true)
    expect(#sim:decisions "invite", 5)
    expect(alice:received(), {})
    sim:advance "60s"
    expect(#sim:decisions "invite", 7)
    sim:called "bob":answer()
    sim:called "dan":reject(486)
    expect(ringing(sim, "eve"), true)
    sim:called "eve":answer()
    expect(#sim:decisions "invite", 8)
    expect(alice:received(), {
      "3 of 5 came, by 8 calls; busy: sip:dan@192.0.2.4; refused: sip:cleo@192.0.2.3",
    })
    expect(alice.status, "in")
  end)

test("it goes on when who has begun it hangs up, until it is done", config(settings), function(sim)
  local alice = start(sim)
  local board = alice.conference
  sim:called "ann":answer()
  alice:hangup()
  for _, user in ipairs { "bob", "cleo", "dan", "eve" } do sim:called(user):answer() end
  expect(board.count, 5)
end)

local bound = { list = list, concurrent = 2, goes_on = false }

test("unless it is to end with that", config(bound), function(sim)
  start(sim):hangup()
  expect(sim:called "ann".status, "rejected")
  sim:advance "5m"
  expect(#sim:decisions "invite", 2)
end)

test("a key ends it: who rings does no longer, and who is in stays", config(settings), function(sim)
  local alice = start(sim)
  sim:called "ann":answer()
  expect(ringing(sim, "cleo"), true)
  alice:press "9"
  sim:advance "5m"
  expect(ringing(sim, "bob") or ringing(sim, "cleo"), false)
  expect(#sim:decisions "invite", 3)
  expect(alice.conference.count, 2)
  expect(#alice:received(), 1)
end)

local asked = { list = list, concurrent = 5, retries = 1, confirm = true }

test("who confirms is in by 1, and a machine is told as what it is", config(asked), function(sim)
  local alice = start(sim)
  for _, user in ipairs { "ann", "bob", "cleo", "dan" } do sim:called(user):answer() end
  expect(alice.conference.count, 1)
  expect(sim:called "ann":heard(), { "you-are-called", "press-1-to-accept" })
  sim:called "ann":press "1"
  sim:called "bob":press "2"
  sim:called "cleo":hangup()
  expect(alice.conference.count, 2)
  sim:called "eve":reject(404)
  sim:advance "20s" -- Dan's machine goes on talking
  expect(alice:received(), {
    "1 of 5 came, by 5 calls; not confirmed: sip:cleo@192.0.2.3, sip:dan@192.0.2.4; "
      .. "refused: sip:bob@192.0.2.2; unreachable: sip:eve@192.0.2.5",
  })
end)

-- A policy begins it, and nobody has called: the conference goes to sleep between the rounds.
local nightly = {
  applications = { campaign = { script = "campaign", options = {
    conference = "board", list = { "sip:ann@192.0.2.1" }, retries = 1 } } },
}

test("it needs no caller", nightly, function(sim)
  local board = sim:conference { name = "board" }
  sim:conference { name = "desk" }
  parley.run "campaign"
  sim:advance "1s"
  sim:called "ann":reject(486)
  sim:advance "59s"
  expect(#sim:decisions "invite", 1)
  sim:advance "2s"
  expect(#sim:decisions "invite", 2)
  sim:called "ann":answer()
  expect(board.count, 1)
end)

local function alone(options)
  return { applications = { campaign = config(options).applications["9100"] } }
end

-- Whenever nobody is called nor in, the conference goes to sleep.
local single = { list = { list[1], list[2], list[3] }, concurrent = 1, retries = 1 }

test("one after the other is busy, and is called all the same", alone(single), function(sim)
  local board = sim:conference { name = "board" }
  parley.run "campaign"
  for _ = 1, 2 do
    sim:advance "1s"
    for _, user in ipairs { "ann", "bob", "cleo" } do
      expect(ringing(sim, user), true)
      sim:called(user):reject(486)
      sim:advance "100ms"
    end
    sim:advance "60s"
  end
  expect(#sim:decisions "invite", 6)
  expect(board.count, 0)
end)

test("nobody is called into a conference that was ended", alone(single), function(sim)
  local board = sim:conference { name = "board" }
  parley.run "campaign"
  sim:advance "1s"
  sim:called "ann":reject(486)
  sim:advance "1s"
  board:close()
  sim:advance "5m"
  expect(#sim:decisions "invite", 2)
end)

test("nor when it was ended between two rounds", alone(single), function(sim)
  local board = sim:conference { name = "board" }
  parley.run "campaign"
  sim:advance "1s"
  sim:called "ann":answer()
  sim:called "bob":reject(486)
  sim:advance "1s"
  sim:called "cleo":reject(486)
  sim:advance "1s"
  board:close()
  sim:advance "5m"
  expect(#sim:decisions "invite", 3)
end)

local short = { list = { list[1] }, retries = 0 }

test("a stop when it is over stops no other one", config(short), function(sim)
  local alice = start(sim)
  sim:called "ann":answer()
  expect(#alice:received(), 1)
  alice:press "9"
  sim:called "ann":hangup()
  parley.run "9100"
  sim:advance "1s"
  expect(#sim:decisions "invite", 2)
end)

test("one at a time calls into a conference", config(settings), function(sim)
  local alice = start(sim)
  local other = start(sim, "alice")
  expect(other:received(), { "Another campaign is under way" })
  parley.run "9100"
  sim:advance "1s"
  expect(#sim:decisions "invite", 2)
  alice:press "9"
  expect(alice:received(), { "0 of 5 came, by 2 calls; no answer: sip:ann@192.0.2.1, "
    .. "sip:bob@192.0.2.2; not tried: sip:cleo@192.0.2.3, sip:dan@192.0.2.4, sip:eve@192.0.2.5" })
  parley.run "9100"
  sim:advance "1s"
  expect(#sim:decisions "invite", 4)
end)

test("whom the host has called rings on when it is ended", config(settings), function(sim)
  local alice = start(sim)
  alice.conference:invite "sip:zoe@192.0.2.9"
  alice:press "9"
  expect(ringing(sim, "ann"), false)
  expect(ringing(sim, "zoe"), true)
end)

test("nobody else may", config(settings), function(sim)
  local bob = start(sim, "bob")
  expect(bob.code, 403)
  expect(sim:call("mallory", "9100").code, 401)
  expect(#sim:decisions "invite", 0)
end)

local crowd = {}
for i = 1, 200 do crowd[i] = ("sip:p%d@192.0.2.9"):format(i) end

-- More at once than a mix has buses for prompts: those that come last hear it a little later.
local many = { list = crowd, concurrent = 100, confirm = true }

test("a hundred pick up at once and are asked", config(many), function(sim)
  start(sim)
  for i = 1, 100 do sim:called("p" .. i):answer() end
  local heard = 0
  for i = 1, 100 do heard = heard + math.min(1, #sim:called("p" .. i):heard()) end
  assert(heard > 20 and heard < 100, heard)
  for i = 1, heard do sim:called("p" .. i):press "1" end
  sim:advance "2s"
  for i = 1, 100 do
    local one = sim:called("p" .. i)
    assert(one:heard()[1] == "you-are-called", ("%d of %d: %s"):format(i, heard, one.status))
  end
end)

test("two hundred come, twenty at a time", config { list = crowd, concurrent = 20 }, function(sim)
  local alice = start(sim)
  for i = 1, 200 do
    expect(ringing(sim, "p" .. math.min(200, i + 19)), true)
    sim:called("p" .. i):answer()
  end
  expect(alice:received(), { "200 of 200 came, by 200 calls" })
  expect(alice.conference.count, 201)
end)

local thousand = {}
for i = 1, 1200 do thousand[i] = ("sip:p%d@192.0.2.9"):format((i - 1) % 1000 + 1) end

test("a thousand refuse within seconds, and each is called once however often on the list",
  config { list = thousand, concurrent = 200 }, function(sim)
    local alice = start(sim)
    for i = 1, 1000 do
      sim:called("p" .. i):reject(603)
      if i % 200 == 0 then sim:advance "0.1s" end
    end
    expect(#sim:decisions "invite", 1000)
    expect(alice:received()[1]:match "^[^:]*", "0 of 1000 came, by 1000 calls; refused")
  end)
