-- The default: only conferences that the config names, or that a factory or a script makes, can be
-- called.
-- Everybody may join them; calling any other name is answered with 404.
--
-- A policy of your own starts as a copy of this file. Hooks that are not here mean "no opinion":
-- the conference's own policy is asked next, and then the server's default holds (a locked
-- conference turns callers away, everything else is allowed).

local policy = parley.policy { name = "standard" }

-- Somebody called a name that is no conference. The request says which (request.conference_name)
-- and who it was (request.actor.user, request.actor.authenticated and more). A factory or a script
-- has a conference made with a name that nobody can guess; known callers may use factories.
function policy.create(request)
  if request.is_name_given then return reject(404, "No such conference") end
end

return policy
