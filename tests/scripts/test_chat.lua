-- policy/chat.lua: commands by message, at the wish and by the right of whoever writes them.

-- A board of which Alice is a moderator: she proves it, Bob and Carol are let in by her.
local function board(sim)
  local conference = sim:conference {
    name = "board", policy = { "chat", "moderated" }, options = { moderators = { "alice" } },
  }
  local alice = sim:call("alice", conference, { password = true, name = "Alice Liddell" })
  local bob = sim:call("bob", conference, { name = "Bob Hope" })
  local carol = sim:call("carol", conference, { name = "Carol Hope" })
  alice:press "1"
  alice:press "1"
  return conference, alice, bob, carol
end

-- The last that came.
local function answer(caller)
  local received = caller:received()
  return received[#received]
end

test("a moderator's commands are done, and answered to her alone", function(sim)
  local conference, alice, bob, carol = board(sim)
  expect(alice:message "/mute Bob", 200)
  expect(answer(alice), "Bob Hope (bob) is muted")
  expect(bob.participant.muted, true)
  expect(sim:decisions("mute")[1].actor, "sip:alice@example.com")
  alice:message "/unmute bob hope"
  expect(bob.participant.muted, false)
  alice:message "/mute all"
  expect(answer(alice), "2 muted")
  expect(alice.participant.muted, false)
  alice:message "/unmute all"
  alice:message "/lock"
  expect(conference.locked, true)
  alice:message "/unlock"
  expect(conference.locked, false)
  alice:message "/list"
  expect(answer(alice), "3 here:\nAlice Liddell (alice), moderator\nBob Hope (bob), participant\n"
    .. "Carol Hope (carol), participant")
  alice:message "/record"
  expect(conference.recording ~= nil, true)
  alice:message "/record off"
  expect(conference.recording, nil)
  alice:message "/invite bob"
  expect(answer(alice), "Whom? As in /invite sip:bob@example.com")
  alice:message "/invite sip:dave@192.0.2.7"
  expect(sim:called "dave":answer().status, "in")
  alice:message "remove carol"
  expect(carol.status, "gone")
  expect(alice:message "remove all", 202) -- with a slash it would be meant
  alice:message "/remove all but bob"
  expect(answer(alice), "1 removed")
  expect(sim:called "dave".participant, nil)
  expect(bob:received(), { "Alice Liddell: remove all" })
  alice:message "/help"
  expect(answer(alice):find "/remove NAME" ~= nil, true)
  alice:message "/dance"
  expect(answer(alice), "There is no /dance. Try /help")
  alice:message "/end"
  expect(bob.status, "gone")
end)

test("who may not is told so in words, and the others read nothing of it", function(sim)
  local _, alice, bob, carol = board(sim)
  bob:message "/remove alice"
  expect(answer(bob), "That waits for a decision") -- moderated: it is a wish
  expect(alice.status, "in")
  local open = sim:conference { policy = "chat" }
  local dave, eve = sim:call("dave", open), sim:call("eve", open)
  dave:message "/remove eve"
  expect(answer(dave), "No: who you are is not proven (401)")
  expect(eve.status, "in")
  expect(eve:received(), {})
  expect(sim:decisions("remove")[2].actor, "sip:dave@example.com")
  expect(carol:received(), {})
end)

test("a name that could be two is asked about, and one that is nobody's", function(sim)
  local _, alice, bob = board(sim)
  alice:message "/mute Hope"
  expect(answer(alice), "Which one? Bob Hope (bob) <sip:bob@example.com>, "
    .. "Carol Hope (carol) <sip:carol@example.com>")
  expect(bob.participant.muted, false)
  alice:message "/mute mallory"
  expect(answer(alice), "Nobody here is called mallory")
  alice:message "/mute"
  expect(answer(alice), "Whom? Try /list")
  alice:message "/mute sip:bob@example.com"
  expect(bob.participant.muted, true)
end)

test("all are not removed when who is to be spared is nobody", function(sim)
  local _, alice, bob, carol = board(sim)
  alice:message "/remove all but bbo"
  expect(answer(alice), "Nobody here is called bbo")
  expect(bob.status, "in")
  expect(alice:message " /mute all but me", 200)
  expect(answer(alice), "2 muted")
  expect(alice:message "/entfernen? bob", 200)
  expect(answer(alice), "There is no /entfernen?. Try /help")
  expect(alice:message "/änn x", 200)
  expect(answer(alice), "There is no /änn. Try /help")
  expect(bob:received(), {})
  expect(carol.status, "in")
end)

test("an answer that is too long ends with a whole letter", function(sim)
  local room = sim:conference { policy = "chat" }
  local alice = sim:call("alice", room, { password = true })
  for i = 1, 60 do sim:call("p" .. i, room, { name = ("ä"):rep(40) }) end
  alice:message "/list"
  local text = answer(alice)
  expect(#text > 3900 and #text <= 4000, true)
  expect(utf8.len(text) ~= nil, true)
end)

test("what only sounds like a command is said to all", function(sim)
  local _, alice, bob = board(sim)
  expect(alice:message "remove the third line", 202)
  expect(answer(bob), "Alice Liddell: remove the third line")
  expect(alice:message "mute yourselves\nremove bob", 202)
  expect(alice:message "list", 202)
  expect(bob.status, "in")
end)

test("nobody is listed who is hidden, or by a name that they keep to themselves", function(sim)
  local room = sim:conference { policy = "chat" }
  local alice = sim:call("alice", room, { password = true })
  sim:call("shy", room, { anonymous = true })
  alice:message "/list"
  expect(answer(alice), "2 here:\nalice, participant\nsomebody without a name, participant")
  alice:message "/remove shy"
  expect(answer(alice), "Nobody here is called shy")
end)

test("who is not in gives commands as well, once it is proven who they are", function(sim)
  local room = sim:conference { policy = "chat" }
  local alice, bob = sim:call("alice", room), sim:call("bob", room, { password = true })
  local mallory = sim:call("mallory", room)
  bob:hangup()
  mallory:hangup()
  expect(bob:message "/mute alice", 200)
  expect(answer(bob), "alice is muted")
  expect(alice.participant.muted, true)
  expect(sim:decisions("mute")[1].actor, "sip:bob@example.com")
  bob:message "/list"
  expect(answer(bob), "1 here:\nalice, participant, muted")
  expect(bob:message "remove alice", 202) -- said, as by anybody
  expect(alice:received(), { "bob: remove alice" })
  expect(mallory:message "/list", 401)
  expect(mallory:message "/mute alice", 401)
  expect(mallory:received(), {})
  expect(#sim:decisions "mute", 1)
end)

test("who may not see who is in is not told by a command either", function(sim)
  local options = { hosts = { "alice" }, guests = { "bob", "carol" } }
  local tea = sim:conference { policy = { "chat", "private" }, options = options }
  local alice = sim:call("alice", tea, { password = true })
  local carol = sim:call("carol", tea, { password = true })
  carol:hangup()
  for _, command in ipairs { "/list", "/mute alice", "/mute nobody", "/remove all" } do
    carol:message(command)
    expect(answer(carol), "No: No such conference (404)")
  end
  expect(alice.status, "in")
  expect(#sim:decisions "mute", 0)
  expect(#sim:decisions "remove", 0)

  -- Behind it, there is nothing to be asked at all.
  tea = sim:conference { policy = { "private", "chat" }, options = options }
  alice = sim:call("alice", tea, { password = true })
  carol = sim:call("carol", tea, { password = true })
  carol:hangup()
  expect(carol:message "/list", 404)
  expect(carol:received(), {})
  alice:hangup()
end)
