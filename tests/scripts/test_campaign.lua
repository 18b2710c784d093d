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
      "3 of 5 came; busy: sip:dan@192.0.2.4; refused: sip:cleo@192.0.2.3",
    })
    expect(alice.status, "in")
  end)

test("who hangs up calls nobody else, and no phone rings on", config(settings), function(sim)
  local alice = start(sim)
  sim:called "ann":answer()
  alice:hangup()
  expect(ringing(sim, "bob") or ringing(sim, "cleo"), false)
  expect(sim:called "ann".status, "in")
  sim:advance "5m"
  expect(#sim:decisions "invite", 3)
end)

test("nobody else may", config(settings), function(sim)
  local bob = start(sim, "bob")
  expect(bob.code, 403)
  expect(sim:call("mallory", "9100").code, 401)
  expect(#sim:decisions "invite", 0)
end)

local crowd = {}
for i = 1, 200 do crowd[i] = ("sip:p%d@192.0.2.9"):format(i) end

test("two hundred come, twenty at a time", config { list = crowd, concurrent = 20 }, function(sim)
  local alice = start(sim)
  for i = 1, 200 do
    expect(ringing(sim, "p" .. math.min(200, i + 19)), true)
    sim:called("p" .. i):answer()
  end
  expect(alice:received(), { "200 of 200 came" })
  expect(alice.conference.count, 201)
end)

local many = {}
for i = 1, 1000 do many[i] = ("sip:p%d@192.0.2.9"):format((i - 1) % 600 + 1) end

test("hundreds refuse within seconds, and each is called once however often on the list",
  config { list = many, concurrent = 200 }, function(sim)
    local alice = start(sim)
    for i = 1, 600 do sim:called("p" .. i):reject(603) end
    expect(#sim:decisions "invite", 600)
    expect(alice:received()[1]:match "^[^;]*; refused: sip:p1@", "0 of 600 came; refused: sip:p1@")
  end)
