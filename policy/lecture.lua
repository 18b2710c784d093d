-- Lecturers are heard, the hall listens. Lecturers hear the hall's murmur, nobody else does. Who
-- has a question asks for the floor, and is heard by all for as long as the lecturer lets them.
--
-- Keys of the hall: 1 raises the hand, 2 gives the floor back. Keys of the lecturer: 1 gives the
-- floor to the one whose hand is up longest, in place of who has it; 2 takes it back; 3 takes no
-- questions any longer: all hands go down.
--
--   conferences = { hall = { policy = "lecture", options = { lecturers = { "alice" } } } }

local policy = parley.policy {
  name = "lecture",
  options = {
    lecturers = { type = "list", doc = "Accounts that lecture" },
    murmur = {
      type = "number", min = -60, max = 0, default = -24,
      doc = "How loud lecturers hear the hall, in dB",
    },
    wait = { type = "duration", default = "10m", min = 1, doc = "How long a hand stays up" },
    open = {
      type = "boolean", default = true,
      doc = "Whether strangers may listen; else an account is needed",
    },
  },
}

local function is_lecturer(participant) return participant and participant.role == "lecturer" end

function policy.join(request, conference)
  local actor, options = request.actor, conference.options
  if actor.authenticated and options.lecturers[actor.user] then
    return accept { role = "lecturer" }
  end
  if conference.locked then return reject(403, "The doors are closed") end
  if not options.open and not actor.authenticated then return challenge() end
  return accept { role = "listener" }
end

-- Who hears whom, as data. It is asked for again when somebody comes, goes, or has another role or
-- the floor.
function policy.mix(mix, conference)
  mix:bus "hall"
  for p in conference:participants() do
    p:speaks_to(is_lecturer(p) and "main" or p.has_floor and "main" or "hall")
    p:listens_to "main"
    if is_lecturer(p) then p:listens_to("hall", conference.options.murmur) end
  end
end

-- The hall asks, and waits; lecturers just take it. To give it back is everybody's right.
function policy.floor(request, conference)
  local me = request.actor.participant
  if request.actor.kind ~= "caller" or is_lecturer(me) then return end
  if not me or me ~= request.target then return reject(403, "Lecturers only") end
  if not request.params.floor then return accept() end
  if conference.state.no_questions then return reject(403, "No more questions") end
  return pending { expires = conference.options.wait, decided_by = "lecturer" }
end

-- Nobody of the hall changes anything.
local function for_lecturers(request)
  if request.actor.kind ~= "caller" or is_lecturer(request.actor.participant) then return end
  return reject(403, "Lecturers only")
end

for _, verb in ipairs {
  "invite", "remove", "mute", "role", "rename", "permit", "volume", "lock", "announce", "close",
} do
  policy[verb] = for_lecturers
end

-- One at a time: who is given the floor takes the place of who had it.
function policy.floor_changed(event, conference, participant)
  if not event.on then return end
  for holder in conference:floor() do
    if holder ~= participant then holder:take_floor() end
  end
end

local lecturer, listener = {}, {}

lecturer["1"] = function(conference)
  for hand in conference:pending() do
    if hand.verb == "floor" then return hand:approve() end
  end
end

lecturer["2"] = function(conference)
  for holder in conference:floor() do holder:take_floor() end
end

lecturer["3"] = function(conference)
  conference.state.no_questions = not conference.state.no_questions
  for hand in conference:pending() do
    if hand.verb == "floor" then hand:reject(403, "No more questions") end
  end
end

listener["1"] = function(conference, participant)
  for hand in conference:pending() do
    if hand.verb == "floor" and hand.target == participant then return end -- it is up already
  end
  participant:ask_for_floor()
end

listener["2"] = function(_, participant)
  if participant.has_floor then participant:take_floor() end
end

function policy.digit(event, conference, participant)
  local key = (is_lecturer(participant) and lecturer or listener)[event.digit]
  if key then key(conference, participant) end
end

return policy
