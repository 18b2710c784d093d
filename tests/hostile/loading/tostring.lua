-- tries: to fail by an error that is never written
-- must: refused
-- says: (an error that is no text|stopped after|error)
error(setmetatable({}, { __tostring = function() while true do end end }))
