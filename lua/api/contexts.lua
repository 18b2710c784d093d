-- From where a function can be called: the words that descriptions use, and what they stand for.
local contexts = {
  names = {
    { "loading", "the text of a file", "while it is loaded" },
    { "decision", "decision hooks", "which answer a request, and must not act" },
    { "mix", "the hook mix", "which says what the mix is to be like" },
    { "event", "event hooks", "which are told what has happened, and may act" },
    { "application", "applications", "with their timers and what they do on hang-up" },
    { "migrate", "the hook migrate", "which changes what is kept in `conference.state`" },
    { "test", "tests", "which may do all that event hooks and applications may" },
  },
  groups = {
    policy = "decision mix event",
    script = "decision mix event application",
    read = "decision mix event application test",
    act = "event application test",
    keep = "application test",
    write = "decision event application",
    anywhere = "loading decision mix event application migrate test",
  },
}

-- The single contexts that `word` stands for, in their order, with blanks between them.
function contexts.expand(word)
  return contexts.groups[word] or word
end

-- "event hooks, applications". That tests can do the same goes without saying.
function contexts.describe(word)
  if word == "anywhere" then return "everywhere" end
  local found = {}
  for _, context in ipairs(contexts.names) do
    local is_said = context[1] ~= "test" or word == "test"
    if is_said and (" " .. contexts.expand(word) .. " "):find(" " .. context[1] .. " ", 1, true) then
      found[#found + 1] = context[2]
    end
  end
  return table.concat(found, ", ")
end

return contexts
