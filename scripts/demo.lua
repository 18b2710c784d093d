-- What `make run` brings, to be tried out with two phones on this machine, and copied. Nobody but
-- this machine can call it, and it calls nobody. `make run ARGS="--config FILE"` runs another.

applications = {
  -- Who calls 9000 makes a conference, or joins one, by keys (scripts/reception.lua).
  ["9000"] = "reception",
  -- The keys in a conference (scripts/attendant.lua), with and without recorded names.
  keys     = "attendant",
  named    = { script = "attendant", options = { names = "record" } },
}

-- In all conferences but those that say otherwise.
attendant = "named"

conferences = {
  -- One to dial at once. It tells who comes and goes (policy/announcements.lua).
  demo = { title = "Demonstration", policy = "announcements", attendant = "keys" },
}
