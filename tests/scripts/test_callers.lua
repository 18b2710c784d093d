-- What the phones of a test can do, in a conference of a policy that answers to it.
local policy = parley.policy { name = "callers" }

function policy.invite() return accept() end
function policy.remove() return accept() end
function policy.subscribe() return accept() end
function policy.timeout() return accept() end

-- 1: the caller alone is told; 2: everybody is.
function policy.digit(event, conference, participant)
  local who = event.digit == "1" and participant or conference
  who:play(event.digit == "1" and "tone:500/200" or "tone:700/200")
end

function policy.quality(event, _, participant)
  if event.quality == "bad" then participant:play "tone:300/200" end
end

local function three(sim)
  local room = sim:conference { name = "room" }
  local alice = sim:call("alice", room, { password = true })
  return room, alice, sim:call("bob", room), sim:call("carol", room)
end

selftest("what is told to one is not told to the others", function(sim)
  local _, alice, bob = three(sim)
  alice:press "1":must_hear "tone:500/200"
  bob:must_not_hear("tone:500/200", "2s")
  alice:press "2":must_hear "tone:700/200"
  bob:must_hear "tone:700/200"
  alice:press "1":must_hear "tone:500/200"
end)

selftest("what was not to be heard, and what was, is told with what there was", function(sim)
  local _, alice, bob = three(sim)
  alice:press "11"
  local function said(f, ...)
    local _, why = pcall(f, ...)
    return (why:gsub("^.-:%d+: ", ""))
  end
  expect(said(alice.must_hear, alice, "welcome", "1s"),
    [[alice must hear "welcome" within 1.0 s, and has heard "tone:500/200", "tone:500/200"]])
  expect(said(bob.must_hear, bob, "welcome", 0),
    [[bob must hear "welcome" within 0.0 s, and has heard nothing]])
  expect(said(alice.must_not_hear, alice, "tone:500/200"),
    [[alice must not hear "tone:500/200", and has]])
end)

selftest("a phone sees who is in, and how", function(sim)
  local room, alice, bob = three(sim)
  local seen = assert(bob:sees())
  expect(seen.conference_state.user_count, 3)
  expect(seen.conference_state.locked, false)
  expect(seen.users["sip:carol@example.com"].endpoint[1].status, "connected")
  expect(bob:sees(alice).roles.entry, { "participant" })
  alice.participant:mute()
  expect(alice:sees(alice).endpoint[1].media[1].status, "recvonly")
  room:lock()
  expect(bob:sees().conference_state.locked, true)
  alice:hangup()
  expect(bob:sees(alice), nil)
  expect(select(2, alice:document "poetry"), "refused")
end)

selftest("a REFER calls somebody, and tells how it goes", function(sim)
  local room, alice = three(sim)
  expect(alice:refer "sip:dave@192.0.2.7", 202)
  expect(alice.referred, 180)
  sim:called "dave":answer()
  expect(alice.referred, 200)
  expect(room.count, 4)
  expect(alice:refer "sip:eve@192.0.2.7", 202)
  sim:called "eve":reject(486)
  expect(alice.referred, 486)
  expect(alice:refer("sip:bob@example.com", "BYE"), 202)
  expect(alice.referred, 200)
  expect(room.count, 3)
end)

selftest("a phone that falls silent, and one with a bad line", function(sim)
  local room, alice, bob, carol = three(sim)
  carol:judge "bad":must_hear "tone:300/200"
  carol:judge("good", "bad"):must_not_hear("tone:300/200", "1s")
  alice:must_not_hear "tone:300/200"
  bob:lose()
  expect(bob.status, "gone")
  expect(room.count, 2)
end)

selftest("what one writes, the others read", function(sim)
  local _, alice, bob = three(sim)
  expect(alice:message "hello", 202)
  expect(bob:received(), { "alice: hello" })
  expect(alice:received(), {})
end)

selftest("a list in an INVITE is called, too", function(sim)
  local room = sim:conference()
  local others = { "sip:bob@192.0.2.7", "sip:carol@192.0.2.7" }
  sim:call("alice", room, { password = true, with = others })
  sim:called "bob":answer()
  sim:called "carol":answer()
  expect(room.count, 3)
end)

selftest("an INITIATE has its initiator called, and the others", function(sim)
  local room = sim:conference()
  local others = { "sip:bob@192.0.2.7" }
  expect(sim:initiate("alice", room, { password = true, with = others }), room)
  sim:called "bob":answer()
  expect(room.count, 1)
  expect(select(3, sim:initiate("alice", "nowhere", { with = others })), 404)
end)

selftest("what is kept can be looked at", function(sim)
  sim:conference()
  local votes = parley.store "votes"
  expect(votes:get "alice", nil)
  expect(votes:set("alice", { yes = true }, { ttl = "1h" }), true)
  expect(votes:add "count", 1)
  expect(votes:get "alice", { yes = true })
  expect(votes:keys(), { "alice", "count" })
  sim:advance "2h"
  expect(votes:get "alice", nil)
  expect(votes:delete "count", 1)
end)

return policy
