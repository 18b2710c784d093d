-- scripts/reception.lua: conferences made and found by keys.
local config = { applications = { ["9000"] = "reception" } }

-- What somebody heard, as one text.
local function said(caller) return table.concat(caller:heard(), " ") end

local function create(sim)
  local host = sim:call("host", "9000")
  host:press "1"
  host:press "8254#"
  host:press "1133#"
  sim:advance "1m"
  return host, host.conference
end

test("1 makes a conference, whose number is said", config, function(sim)
  local host, conference = create(sim)
  expect(host.status, "in")
  expect(host.participant.role, "host")
  expect(#conference.name, 6)
  local heard = said(host)
  assert(heard:find "welcome menu")
  assert(heard:find "choose%-host%-pin choose%-pin your%-conference%-number%-is")
end)

test("2 finds one: a guest with the PIN comes in where a host is", config, function(sim)
  local host, conference = create(sim)
  local guest = sim:call("guest", "9000")
  guest:press("2" .. conference.name .. "#")
  sim:advance "1s"
  guest:press "1133#"
  sim:advance "5s"
  expect(guest.status, "in")
  expect(guest.participant.role, "guest")
  expect(host:hears(guest), 0)
end)

test("the PINs of host and guests must not be the same", config, function(sim)
  local host = sim:call("host", "9000")
  host:press "1"
  host:press "8254#"
  host:press "8254#"
  sim:advance "2s"
  assert(said(host):find "try%-again")
  host:press "1133#"
  sim:advance "1m"
  expect(host.status, "in")
end)

test("a wrong PIN thrice is the end of the call", config, function(sim)
  local _, conference = create(sim)
  local eve = sim:call("eve", "9000")
  eve:press("2" .. conference.name .. "#")
  for _ = 1, 3 do
    sim:advance "2s"
    eve:press "9999#"
  end
  sim:advance "1m"
  expect(eve.status, "gone")
  assert(said(eve):find "wrong%-pin.*too%-many%-tries.*goodbye")
end)

test("a number that is nobody's is said to be", config, function(sim)
  local guest = sim:call("guest", "9000")
  guest:press "2999999#"
  sim:advance "5s"
  assert(said(guest):find "unknown%-conference")
  expect(guest.status, "application")
end)

test("who presses nothing is asked three times, and then let go", config, function(sim)
  local guest = sim:call("guest", "9000")
  sim:advance "3m"
  expect(guest.status, "gone")
  local _, asked = said(guest):gsub("nothing%-entered", "")
  expect(asked, 2)
end)

local bilingual = {
  applications = { ["9000"] = { script = "reception", options = { languages = { "en", "de" } } } },
}

test("a caller chooses a language by its key, and goes on in it", bilingual, function(sim)
  local host = sim:call("host", "9000")
  sim:advance "1s"
  host:press "2"
  host:press "1"
  host:press "8254#"
  host:press "1133#"
  sim:advance "1m"
  expect(host.participant.language, "de")
  expect(host.conference.language, "de")
  assert(said(host):find "^for%-this%-language.* menu choose%-host%-pin")
end)

test("each language is offered; who presses nothing, or another key, gets the first", bilingual,
  function(sim)
    local host = sim:call("host", "9000")
    host:must_hear "1"
    host:must_hear("2", "5s")
    host:press "7"
    sim:advance "2m"
    assert(said(host):find "^for%-this%-language 1 for%-this%-language 2 for%-this%-language 1 ")
    local guest = sim:call("guest", "9000")
    sim:advance "40s"
    guest:must_hear "menu"
    guest:press "1"
    guest:press "8254#"
    guest:press "1133#"
    sim:advance "1m"
    expect(guest.participant.language, "en")
  end)
