-- scripts/attendant.lua: what keys do in a conference, for whom, and who hears the answer.
local function with(options)
  return { applications = { attendant = { script = "attendant", options = options } } }
end

local plain = with {}

-- A conference of alice, the host, and others, in this order.
local function room(sim, wanted, ...)
  wanted = wanted or {}
  wanted.attendant = "attendant"
  if not wanted.policy then
    wanted.policy, wanted.options = "members", { hosts = { "alice" }, pin = "4711" }
  end
  local conference = sim:conference(wanted)
  local callers = { sim:call("alice", conference, { password = true }) }
  for _, user in ipairs { ... } do
    callers[#callers + 1] = sim:call(user, conference, { password = true })
  end
  sim:advance "1s"
  return conference, table.unpack(callers)
end

local function said(caller) return table.concat(caller:heard(), " ") end

local function press(sim, caller, keys)
  for key in keys:gmatch "." do caller:press(key) end
  sim:advance "2s"
end

-- What the keys have it hear, and nobody else.
local function expect_answer(sim, caller, keys, answer, other)
  local before, others = #said(caller), other and said(other)
  press(sim, caller, keys)
  local heard = said(caller):sub(before + 1)
  assert(heard:find(answer, 1, true), ("%s says '%s', not '%s'"):format(keys, heard, answer))
  if other then expect(said(other), others, "what another hears") end
end

test("*6 mutes the own line and opens it again", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  expect_answer(sim, bob, "*6", "muted", alice)
  expect(bob.participant.muted, true)
  expect(bob.status, "in")
  expect_answer(sim, bob, "*6", "unmuted", alice)
  expect(bob.participant.muted, false)
end)

test("*4 *5 *7 *8 change the own volumes within bounds", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  press(sim, bob, "*5*5*7")
  expect(bob.participant.hears, 6)
  expect(bob.participant.speaks, -3)
  expect_answer(sim, bob, "*5*5*5", "tone:330", alice)
  expect(bob.participant.hears, 12)
  press(sim, bob, "*4*8*8")
  expect(bob.participant.hears, 9)
  expect(bob.participant.speaks, 3)
end)

test("*2 and *3 tell how many and who is in", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob", "4711")
  expect_answer(sim, bob, "*2", "there-are 3 participants", alice)
  expect_answer(sim, bob, "*3", "roll-call somebody somebody 4 7 1 1", alice)
end)

test("any key ends the roll call, and may be the first of the next two", plain, function(sim)
  local _, alice = room(sim, nil, "0815", "4711")
  for _, key in ipairs { "0", "*" } do
    alice:press "*"
    alice:press "3"
    sim:advance "1s"
    assert(table.concat(alice:playing()):find "roll%-call")
    alice:press(key)
    sim:advance "100ms"
    expect(alice:playing(), {})
  end
  alice:press "6"
  sim:advance "100ms"
  expect(alice.participant.muted, true)
end)

test("guests are not told who is in", plain, function(sim)
  local _, alice, eve = room(sim, nil, "eve")
  eve.participant:set_role "guest"
  expect_answer(sim, eve, "*2", "not-allowed", alice)
  expect_answer(sim, eve, "*3", "not-allowed", alice)
end)

test("a hand is told to the host where there is no floor to be had", with { hosts = { "boss" } },
     function(sim)
  local conference = sim:conference { attendant = "attendant", policy = "open" }
  local boss, bob, carol = sim:call("boss", conference), sim:call("0815", conference),
                           sim:call("carol", conference)
  boss.participant:set_role "boss"
  sim:advance "1s"
  expect_answer(sim, bob, "*1", "hand-raised", carol)
  assert(said(boss):find("0 8 1 5 wants-to-speak", 1, true))
end)

test("a lecture's hand waits for the lecturer, who lets it speak", plain, function(sim)
  local _, alice, bob = room(sim, { policy = "lecture", options = { lecturers = { "alice" } } },
                             "bob")
  expect_answer(sim, bob, "*1", "hand-raised", alice)
  expect_answer(sim, alice, "#1", "somebody wants-to-speak")
  expect(alice.participant.status, "on-hold")
  press(sim, alice, "1")
  sim:advance "10s"
  expect(bob.participant.has_floor, true)
  expect(alice.participant.status, "connected")
end)

test("whoever gives the floor, or takes it, its holder is told so once", plain, function(sim)
  local _, alice, bob = room(sim, { policy = "lecture", options = { lecturers = { "alice" } } },
                             "bob")
  press(sim, bob, "*1")
  press(sim, alice, "1") -- the policy's own key
  expect(bob:heard(), { "hand-raised", "floor-given" })
  press(sim, bob, "*1")
  expect(bob:heard(), { "hand-raised", "floor-given", "floor-taken" })
  press(sim, bob, "*1")
  press(sim, bob, "**")
  press(sim, alice, "1") -- while Bob is at a menu
  press(sim, bob, "9")
  sim:advance "5s"
  assert(said(bob):find("floor-given", #"hand-raised floor-given floor-taken", true), said(bob))
  press(sim, alice, "2")
  sim:advance "5s"
  assert(said(bob):find "floor%-taken$", said(bob))
  assert(not said(alice):find "floor%-")
end)

test("the host's keys are for hosts", plain, function(sim)
  local conference, _, bob = room(sim, nil, "bob")
  for _, key in ipairs { "1", "2", "3", "4", "5", "6", "7", "8", "0" } do
    expect_answer(sim, bob, "#" .. key, "not-allowed")
  end
  expect(conference.locked, false)
  expect(conference.count, 2)
end)

test("#2 locks and opens, #3 begins and ends the recording", plain, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  expect_answer(sim, alice, "#2", "is-locked", bob)
  expect(conference.locked, true)
  expect_answer(sim, alice, "#2", "is-unlocked", bob)
  expect(conference.locked, false)
  press(sim, alice, "#3")
  assert(conference.recording)
  assert(said(bob):find "recording%-on")
  press(sim, alice, "#3")
  expect(conference.recording, nil)
  assert(said(bob):find "recording%-off")
end)

test("#4 lets the host alone be heard, late-comers too, and ends that", plain, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  press(sim, alice, "#4")
  local carol = sim:call("carol", conference, { password = true })
  sim:advance "1s"
  expect(bob.participant.may_speak, false)
  expect(carol.participant.may_speak, false)
  expect(alice.participant.may_speak, true)
  press(sim, alice, "#4")
  expect(bob.participant.may_speak, true)
  expect(carol.participant.may_speak, true)
end)

test("#5 mutes all but the host, who may open their lines", plain, function(sim)
  local _, alice, bob, carol = room(sim, nil, "bob", "carol")
  expect_answer(sim, alice, "#5", "all-muted", bob)
  expect(bob.participant.muted and carol.participant.muted, true)
  expect(alice.participant.muted, false)
  expect_answer(sim, alice, "#5", "all-unmuted", bob)
  expect(bob.participant.muted or carol.participant.muted, false)
end)

test("#6 drops who came last", plain, function(sim)
  local _, alice, bob, carol = room(sim, nil, "bob", "carol")
  expect_answer(sim, alice, "#6", "is-removed", bob)
  expect(carol.status, "gone")
  press(sim, alice, "#6")
  expect(bob.status, "gone")
  expect_answer(sim, alice, "#6", "you-are-alone")
end)

test("#1 lets in and sends away who waits, one by one", plain, function(sim)
  local conference, alice = room(sim, { policy = "moderated",
                                        options = { moderators = { "alice" } } })
  expect_answer(sim, alice, "#1", "nobody-waits")
  local bob, carol = sim:call("4711", conference), sim:call("carol", conference)
  sim:advance "5s"
  expect_answer(sim, alice, "#1", "4 7 1 1 wants-in admit-or-refuse")
  press(sim, alice, "1")
  expect(bob.status, "in")
  press(sim, alice, "2")
  expect(carol.status, "gone")
  sim:advance "10s"
  expect(alice.participant.status, "connected")
end)

test("#1 is about who wants in or to speak, each once, and those who come meanwhile", plain,
     function(sim)
  local conference, alice = room(sim, { policy = "moderated",
                                        options = { moderators = { "alice" } } })
  local bob = sim:call("4711", conference)
  sim:advance "5s"
  press(sim, alice, "#1")
  local carol = sim:call("4712", conference)
  press(sim, alice, "1")
  press(sim, alice, "1")
  sim:advance "10s"
  expect(carol.status, "in")
  bob:refer "sip:dave@192.0.2.7" -- for the moderator, too
  sim:advance "1s"
  expect_answer(sim, alice, "#1", "nobody-waits")
end)

test("a hand that is up is asked about once", plain, function(sim)
  local _, alice, bob = room(sim, { policy = "lecture", options = { lecturers = { "alice" } } },
                             "bob")
  press(sim, bob, "*1*1")
  expect(said(bob), "hand-raised hand-raised")
  press(sim, alice, "#1")
  press(sim, alice, "1")
  sim:advance "5s"
  expect(said(alice), "somebody wants-to-speak admit-or-refuse nobody-else-waits")
end)

local gateway = with { dial = "sip:NUMBER@192.0.2.1" }

local function called_by(sim, host)
  press(sim, host, "#7")
  press(sim, host, "5551234#")
  local called = sim:called()
  expect(called.user, "5551234")
  called:answer()
  sim:advance "1s"
  return called
end

test("#7 calls a number, which comes in by 1", gateway, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  local called = called_by(sim, alice)
  assert(said(alice):find "enter%-phone%-number")
  assert(not said(bob):find "enter%-phone%-number")
  expect(called:heard(), { "you-are-called", "press-1-to-accept" })
  expect(called.participant.status, "pending")
  expect(bob:hears(called), nil)
  expect(called:hears(bob), nil)
  expect(conference.count, 2)
  press(sim, called, "1")
  expect(called.participant.muted, false)
  expect(bob:hears(called), 0)
  expect(called:hears(bob), 0)
  expect(conference.count, 3)
end)

test("who is called and does not answer, the host is told", gateway, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  press(sim, alice, "#7")
  press(sim, alice, "5551234#")
  sim:called():reject(486)
  sim:advance "3s"
  assert(said(alice):find "is%-called did%-not%-come$", said(alice))
  expect(said(bob), "")
  called_by(sim, alice):press "1"
  sim:advance "1m"
  assert(said(alice):find "is%-called$", said(alice))
end)

test("who is called and does not press 1 goes, and was never in", gateway, function(sim)
  local conference, alice = room(sim, { policy = { "announcements", "members" },
                                        options = { hosts = { "alice" }, pin = "4711" } })
  local called = called_by(sim, alice)
  sim:advance "18s"
  expect(called.participant.status, "pending")
  sim:advance "2s"
  expect(called.code, 408)
  expect(conference.count, 1)
  called = called_by(sim, alice)
  press(sim, called, "2")
  expect(called.code, 603)
  sim:advance "10s"
  assert(not said(alice):find "has%-left" and not said(alice):find "tone:523/120")
end)

test("without a gateway nobody is dialled", plain, function(sim)
  local _, alice = room(sim)
  expect_answer(sim, alice, "#7", "not-allowed")
  expect_answer(sim, alice, "*0", "no-operator")
end)

test("*0 calls the operator, once", with { operator = "sip:operator@192.0.2.1" }, function(sim)
  local conference, _, bob = room(sim, nil, "bob")
  expect_answer(sim, bob, "*0", "operator-called")
  sim:called("operator"):answer()
  expect_answer(sim, bob, "*0", "operator-called")
  expect(conference:count_role "operator", 1)
end)

test("#8 goes aside with one person, *9 comes back", plain, function(sim)
  local conference, alice, bob, carol = room(sim, nil, "bob", "carol")
  expect_answer(sim, alice, "#8", "somebody press 1 somebody press 2")
  press(sim, alice, "2")
  sim:advance "1s"
  press(sim, carol, "1")
  local side = conference:sidebars()()
  expect(side.count, 2)
  expect(bob:hears(alice), nil)
  expect_answer(sim, carol, "*6", "muted", alice)
  expect_answer(sim, carol, "*9", "sidebar-left")
  expect(carol:hears(bob), 0)
  assert(said(alice):find "sidebar%-left$", "who is left alone comes back")
  expect(alice:hears(bob), 0)
  expect_answer(sim, bob, "*9", "in-no-sidebar")
end)

test("who is left in a sidebar by the host comes back", plain, function(sim)
  local _, alice, bob, carol = room(sim, nil, "bob", "carol")
  local function back() press(sim, alice, "*9") end
  local function hang_up() alice:hangup() end
  for _, leave in ipairs { back, hang_up } do
    press(sim, alice, "#81")
    press(sim, bob, "1")
    expect(bob:hears(alice), 0)
    leave()
    sim:advance "3s"
    expect(bob:hears(carol), 0)
    assert(said(bob):find "sidebar%-left$", said(bob))
  end
end)

test("#8 comes back when the other declines, does not answer, or is nobody", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  for _, key in ipairs { "2", "" } do
    press(sim, alice, "#81")
    press(sim, bob, key)
    sim:advance "40s"
    assert(said(alice):find "sidebar%-entering sidebar%-left$", said(alice))
    expect(alice:hears(bob), 0)
  end
  press(sim, alice, "#8")
  sim:advance "1m"
  assert(not said(alice):find "not%-allowed")
end)

test("#0 ends it for all once that is confirmed", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  press(sim, alice, "#0")
  press(sim, alice, "2")
  expect(bob.status, "in")
  sim:advance "10s"
  press(sim, alice, "#0")
  local before = #said(bob)
  press(sim, alice, "1")
  sim:advance "5s"
  expect(said(bob):sub(before + 1):match "%S+$", "conference-over")
  expect(bob.status, "gone")
  expect(alice.status, "gone")
end)

test("* and # alone tell the keys, and those count meanwhile", plain, function(sim)
  local _, alice, bob = room(sim, nil, "bob")
  press(sim, bob, "*")
  sim:advance "4s"
  assert(said(bob):find("help-mute star 6", 1, true))
  expect(bob.participant.status, "on-hold")
  press(sim, bob, "6")
  expect(bob.participant.muted, true)
  expect(bob.participant.held, false)
  press(sim, alice, "##")
  assert(said(alice):find("help-lock hash 2", 1, true))
  expect_answer(sim, alice, "#5", "all-unmuted", bob)
  expect(alice.participant.status, "connected")
end)

test("stray keys do nothing", plain, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  local alices, bobs = said(alice), said(bob)
  press(sim, alice, "1234567890#9")
  press(sim, bob, "159")
  sim:advance "10s"
  expect(said(alice), alices)
  expect(said(bob), bobs)
  expect(conference.count, 2)
  expect(conference.locked, false)
end)

test("keys may be others", with { keys = { "*5 mute", "#9 lock" } }, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  expect_answer(sim, bob, "*5", "muted", alice)
  local bobs = said(bob)
  press(sim, bob, "*6")
  expect(said(bob), bobs)
  press(sim, alice, "#9")
  expect(conference.locked, true)
end)

local function say_names(sim, ...)
  for _, caller in ipairs { ... } do caller:speak "9s" end
  sim:advance "40s"
end

test("names are recorded, played when they come and go, and called", with { names = "record" },
     function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  say_names(sim, alice, bob)
  assert(said(alice):find "say%-your%-name")
  local name = bob.participant.spoken_name
  assert(name:find "^recording:temporary/")
  assert(said(alice):find(name .. " has-joined", 1, true))
  expect_answer(sim, alice, "*3", "roll-call " .. alice.participant.spoken_name .. " " .. name, bob)
  bob:hangup()
  sim:advance "5s"
  assert(said(alice):find(name .. " has-left", 1, true))
  expect(conference.count, 1)
end)

test("who is alone is not told who has joined", with { names = "record" }, function(sim)
  local _, alice = room(sim)
  say_names(sim, alice)
  assert(alice.participant.spoken_name:find "^recording:")
  expect(said(alice):find "has%-joined", nil)
end)

test("who says nothing is asked three times, and has no name", with { names = "record" },
     function(sim)
  local conference, alice, bob = room(sim, { policy = "open" }, "4711")
  press(sim, bob, "#")
  sim:advance "4s"
  press(sim, bob, "#") -- at once
  sim:advance "40s"
  expect(said(bob), "say-your-name tone:1000/250,0/50 too-short say-your-name "
    .. "tone:1000/250,0/50 too-short say-your-name tone:1000/250,0/50")
  expect(bob.participant.spoken_name, "somebody")
  expect(bob.participant.status, "connected")
  assert(not said(alice):find "has%-joined")
  expect(conference.count, 2)
  expect_answer(sim, bob, "*3", "roll-call somebody 4 7 1 1", alice)
end)

test("a name may be said again, three times", with { names = "record", keep = true }, function(sim)
  local _, alice = room(sim)
  for _, key in ipairs { "2", "1" } do
    sim:advance "4s"
    press(sim, alice, "#")
    press(sim, alice, key)
  end
  assert(alice.participant.spoken_name:find "^recording:names/.*%-2%.wav")
end)

test("announcements greet first, then wait for the name", with { names = "record" }, function(sim)
  local conference, alice = room(sim, { policy = { "announcements", "open" } })
  say_names(sim, alice)
  local bob, before = sim:call("bob", conference), #said(alice)
  bob:speak "11s"
  sim:advance "6s"
  assert(said(bob):find "^there%-are 2 participants say%-your%-name")
  expect(said(alice):sub(before + 1), "", "not yet a tone")
  sim:advance "30s"
  expect(said(alice):sub(before + 2), bob.participant.spoken_name .. " has-joined")
  before = #said(alice)
  local carol = sim:call("carol", conference)
  sim:advance "6s"
  carol:hangup()
  sim:advance "10s"
  expect(said(alice):sub(before + 1), "", "of who goes without having said one")
end)

-- ---- what is said once ------------------------------------------------------------------------

-- How often that was said to the caller.
local function count_said(caller, prompt)
  local count = 0
  for _, heard in ipairs(caller:heard()) do
    if heard == prompt then count = count + 1 end
  end
  return count
end

-- Without a policy for announcements; with one of the conference, and of the site.
for _, stack in ipairs {
  { where = "nowhere", site = "standard", own = "open" },
  { where = "in the conference", site = "standard", own = { "announcements", "open" } },
  { where = "in the site", site = "announcements", own = "open" },
} do
  local config = with { names = "record", hosts = { "boss" } }
  config.policy = stack.site
  test("with announcements " .. stack.where .. " all is said once", config, function(sim)
    local conference, alice, bob, carol = room(sim, { policy = stack.own }, "bob", "carol")
    say_names(sim, alice, bob, carol)
    alice.participant:set_role "boss"
    local name = bob.participant.spoken_name
    for _, keys in ipairs { "#3", "#3", "#4", "#4" } do
      press(sim, alice, keys)
      sim:advance "5s"
    end
    for _, prompt in ipairs { "recording-on", "recording-off", "lecture-on", "lecture-off" } do
      expect(count_said(bob, prompt), 1, prompt)
    end
    expect(count_said(alice, name), 1, "who has joined")
    bob:hangup()
    sim:advance "5s"
    expect(count_said(alice, name), 2, "who has left")
    expect(count_said(alice, "has-left"), 1)
    expect(conference.count, 2)
  end)
end

-- ---- while somebody is at a menu, or aside ----------------------------------------------------

test("what is said to a host at a menu waits until they are back", with { hosts = { "boss" } },
     function(sim)
  local conference = sim:conference { attendant = "attendant", policy = "open" }
  local boss, bob = sim:call("boss", conference), sim:call("4711", conference)
  boss.participant:set_role "boss"
  sim:advance "1s"
  press(sim, boss, "#0")
  expect(boss.participant.status, "on-hold")
  expect_answer(sim, bob, "*1", "hand-raised")
  sim:advance "4s"
  assert(not said(boss):find "wants%-to%-speak")
  press(sim, boss, "2")
  sim:advance "5s"
  expect(boss.participant.status, "connected")
  assert(said(boss):find("4 7 1 1 wants-to-speak", 1, true), said(boss))
  expect(count_said(boss, "wants-to-speak"), 1)
end)

test("who is in a sidebar hears the farewell", plain, function(sim)
  local conference, alice, bob, carol = room(sim, nil, "bob", "carol")
  local side = conference:sidebar { background = false }
  side:bring(alice.participant)
  side:bring(carol.participant)
  sim:advance "1s"
  expect(alice:hears(bob), nil)
  local alices, bobs, carols = #said(alice), #said(bob), #said(carol)
  conference:close { after = "conference-over" }
  sim:advance "10s"
  for caller, before in pairs { [alice] = alices, [bob] = bobs, [carol] = carols } do
    expect(said(caller):sub(before + 1):match "%S+", "conference-over")
    expect(caller.status, "gone")
  end
end)

-- ---- several at once --------------------------------------------------------------------------

-- Two hosts, alice and bob, in a conference that others have to be let into.
local function hosts(sim, ...)
  return room(sim, { policy = "moderated", options = { moderators = { "alice", "bob" } } }, "bob",
              ...)
end

test("two hosts ask who waits at the same time, and each caller is decided about once", plain,
     function(sim)
  local conference, alice, bob = hosts(sim)
  local carol, dave = sim:call("4711", conference), sim:call("4712", conference)
  sim:advance "5s"
  for key in ("#1"):gmatch "." do
    alice:press(key)
    bob:press(key)
  end
  sim:advance "3s"
  assert(said(alice):find("4 7 1 1 wants-in", 1, true))
  assert(said(bob):find("4 7 1 1 wants-in", 1, true))
  alice:press "1"
  bob:press "2" -- too late
  sim:advance "5s"
  expect(carol.status, "in")
  assert(said(alice):find("4 7 1 2 wants-in", 1, true))
  bob:press "2"
  sim:advance "1s"
  alice:press "1"
  sim:advance "10s"
  expect(dave.status, "gone")
  expect(conference.count, 3)
  for _, host in ipairs { alice, bob } do expect(host.participant.status, "connected") end
  expect_answer(sim, bob, "#1", "nobody-waits")
end)

test("who waits and hangs up meanwhile is passed over", plain, function(sim)
  local conference, alice = hosts(sim)
  local carol, dave = sim:call("4711", conference), sim:call("4712", conference)
  sim:advance "5s"
  press(sim, alice, "#1")
  carol:hangup()
  press(sim, alice, "1")
  sim:advance "3s"
  press(sim, alice, "1")
  sim:advance "10s"
  expect(dave.status, "in")
  expect(conference.count, 3)
  expect(alice.participant.status, "connected")
end)

test("#6 drops the last of those who are still there, one per press", plain, function(sim)
  local conference, alice, bob, carol, dave = room(sim, nil, "bob", "carol", "dave")
  bob.participant:set_role "host"
  dave:hangup()
  press(sim, alice, "#6") -- while he goes
  expect(dave.status, "gone")
  expect(carol.status, "gone")
  expect(bob.status, "in")
  bob:press "#"
  press(sim, alice, "#6") -- the other host, who was about to do the same
  expect(bob.status, "gone")
  sim:advance "5s"
  expect(conference.count, 1)
end)

test("who is asked for a name or at a menu when a host ends it all goes, too",
     with { names = "record" }, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  sim:advance "30s"
  local carol = sim:call("carol", conference, { password = true })
  sim:advance "4s"
  press(sim, bob, "**")
  for _, caller in ipairs { bob, carol } do expect(caller.participant.status, "on-hold") end
  press(sim, alice, "#0")
  press(sim, alice, "1")
  sim:advance "20s"
  for _, caller in ipairs { alice, bob, carol } do expect(caller.status, "gone") end
end)

test("many keys at once are all taken, in their order", plain, function(sim)
  local conference, alice, bob = room(sim, nil, "bob")
  press(sim, alice, "#2#5#2#5#2")
  expect(conference.locked, true)
  expect(bob.participant.muted, false)
  press(sim, bob, "*6*6*6*5*5*7**6")
  sim:advance "30s"
  expect(bob.participant.muted, false)
  expect(bob.participant.hears, 6)
  expect(bob.participant.speaks, -3)
  expect(bob.participant.status, "connected")
end)
