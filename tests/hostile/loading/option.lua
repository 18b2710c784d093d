-- tries: an option whose default runs when it is read
-- must: refused
-- says: option
return parley.policy {
  name = "option",
  options = { pin = { type = "string", default = setmetatable({}, { __tostring = function()
    while true do end
  end }) } },
}
