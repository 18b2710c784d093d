-- Reception: the number of a conference and #, or # alone for a conference of one's own.
-- The tones stand for what you will record: a sound file beside the config has its name here.

local say = {
  number  = "tone:440/150,0/80,660/300",  -- "the number of your conference and hash, or hash"
  unknown = "tone:350/250,0/80,350/250",  -- "that conference is not there, or not for you"
  goodbye = "tone:660/150,0/80,440/300",
}

-- nil when there is none of that number, or the caller may not have a new one.
local function find(call, number)
  if number == "" then return parley.create { title = "Ad hoc", owner = call.from } end
  return number and parley.conference(number)
end

return function(call)
  call:answer()
  for _ = 1, 3 do
    local conference = find(call, call:ask { prompt = say.number, min = 0, timeout = 8 })
    if conference and call:join(conference) then return end
    call:play(say.unknown)
  end
  call:play(say.goodbye)
end
