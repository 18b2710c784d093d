-- The table `parley`.
return {
  classes = {
    {
      name = "parley",
      separator = ".",
      text = [[The server, as far as scripts see it.]],
      fields = {
        { "version", "string", "of the program", from = "anywhere" },
        { "generation", "integer", "how often the scripts were loaded", from = "anywhere" },
        { "log", "parley.log", "", from = "anywhere" },
      },
      functions = {
        {
          name = "policy", takes = "declaration: policy_declaration", gives = "policy", from = "loading",
          text = [[Makes the policy of this file, to be filled with [hooks](#decision-hooks) and returned
            at its end.]],
          example = [[local policy = parley.policy { name = "quiet" }]],
        },
        {
          name = "options", takes = "declarations: table<string, option_declaration>",
          gives = "table<string, any>", from = "loading",
          text = [[What the config says to this application.]],
          example = [[local options = parley.options { lockout = { type = "duration", default = "5m" } }]],
        },
        {
          name = "conference", takes = "name: string", gives = "conference?", from = "read",
          text = [[The conference of that name; `nil` when there is none.]],
          example = [[call:join(parley.conference "board")]],
        },
        {
          name = "conferences", takes = "", gives = "fun(): conference", from = "read",
          text = [[Walks all conferences.]],
          example = [[for conference in parley.conferences() do print(conference.name) end]],
        },
        {
          name = "create", takes = "wish: create_options", gives = "conference or refusal", from = "act",
          text = [[Makes a conference with a name of its own (hook `create`), which waits a minute for its
            first participant.]],
          example = [[local conference = parley.create { policy = "rooms", digits = 6 }]],
        },
        {
          name = "on_behalf", takes = "run: fun(): any", gives = "any", from = "event",
          text = [[In the hooks `messaged` and `digit`: what the function asks for is asked for by whoever
            has written or pressed, so that their rights decide, and the journal names them. Returns
            what the function returns.]],
          example = [[if event.name == "digit" then parley.on_behalf(function() conference:lock() end) end]],
        },
        {
          name = "reply", takes = "text: string", gives = "true or refusal", from = "event",
          text = [[In the hook `messaged`: answers whoever has written, in their call, or beside it when
            they are in none and have proven who they are. Nobody else reads it.]],
          example = [[if event.name == "messaged" then parley.reply "Noted" end]],
        },
        {
          name = "run", takes = "application: string", gives = "true or refusal", from = "act",
          text = [[Runs an application of the config without a caller, in place of whom its function gets
            nil: it ends when that returns.]],
          example = [[parley.run "campaign"]],
        },
        {
          name = "sleep", takes = "time: duration", gives = "true or reason", from = "application",
          waits = true,
          text = [[Waits, whether there is a caller or not.]],
          example = [[parley.sleep(60)]],
        },
        {
          name = "after", takes = "time: duration, run: fun()", gives = "timer", from = "application",
          text = [[Runs the function once, while the application waits.]],
          example = [[parley.after("5s", function() print "still here" end)]],
        },
        {
          name = "every", takes = "time: duration, run: fun()", gives = "timer", from = "application",
          text = [[Runs it again and again, until `timer:cancel()` or the end of the call; every 50 ms at
            most.]],
          example = [[parley.every("30s", function() print "still here" end)]],
        },
        {
          name = "time", takes = "zone?: string, when?: integer", gives = "time_of_day",
          from = "anywhere",
          text = [[The time of day in a zone, or where the server stands; now, or at `when` (s since
            1970).]],
          example = [[if parley.time("Europe/Berlin").hour < 6 then return reject(403, "Too early") end]],
        },
        {
          name = "fact", takes = "name: string", gives = "string|number|boolean|nil", from = "anywhere",
          text = [[What a script or the operator (`parley fact`) has said. It outlives a reload.]],
          example = [[if parley.fact "alarm" == "on" then return reject(403, "Not now") end]],
        },
        {
          name = "set_fact", takes = "name: string, value: string|number|boolean|nil", gives = "",
          from = "act", text = [[Says so; `nil` forgets it.]],
          example = [[parley.set_fact("alarm", "on")]],
        },
        {
          name = "is_same", takes = "a?: string, b?: string", gives = "boolean", from = "anywhere",
          text = [[Whether two texts are the same, in a time that does not tell how near they were. For
            PINs.]],
          example = [[if parley.is_same(pin, conference.options.pin) then return accept() end]],
        },
        {
          name = "languages", takes = "", gives = "string[]", from = "anywhere",
          text = [[The languages that there are rules for, as files `scripts/language/de.lua`.]],
          example = [[for _, language in ipairs(parley.languages()) do print(language) end]],
        },
        {
          name = "store", takes = "name: string", gives = "store", from = "anywhere",
          text = [[What is kept over calls and restarts.]],
          example = [[local calls = parley.store "calls"]],
        },
      },
    },
    {
      name = "parley.log",
      separator = ".",
      text = [[Lines in the log, with conference, call, and the script's position. The arguments are written
        as `print` would.]],
      functions = {
        { name = "error", takes = "...: any", gives = "", from = "anywhere",
          text = "What needs somebody's attention.", example = [[parley.log.error("no prompt", file)]] },
        { name = "warn", takes = "...: any", gives = "", from = "anywhere",
          text = "What may.", example = [[parley.log.warn("three wrong PINs")]] },
        { name = "info", takes = "...: any", gives = "", from = "anywhere",
          text = "What is good to know.", example = [[parley.log.info("over: " .. event.reason)]] },
        { name = "debug", takes = "...: any", gives = "", from = "anywhere",
          text = "Everything else.", example = [[parley.log.debug("asked", request.verb)]] },
      },
    },
    {
      name = "policy_declaration",
      text = [[What `parley.policy` is given. Hooks may stand in it as well.]],
      fields = {
        { "name", "string", "how the policy calls itself" },
        { "options", "table<string, option_declaration>?", "what the config may say to it" },
        { "version", "integer?", "of what it keeps in `conference.state`; see the hook `migrate`",
          default = "1" },
      },
    },
    {
      name = "create_options",
      keys_of = "parley.create",
      fields = {
        { "policy", "policy_stack?", "who decides in it; without one the site's policy alone" },
        { "title", "string?", "what subscribers are shown" },
        { "language", "string?", "that prompts are said in" },
        { "owner", "actor|string?", "whose it is: `call.from`, or a URI" },
        { "capacity", "integer?", "how many may be in it; 0: any number" },
        { "digits", "integer?", "its name is a number of so many digits (4 to 16), to be dialled" },
        { "options", "table<string, any>?", "for its policies" },
      },
    },
    {
      name = "timer",
      separator = ":",
      text = [[What `parley.after` and `parley.every` return.]],
      functions = {
        { name = "cancel", takes = "", gives = "boolean", from = "application",
          text = "It runs no more. Whether it still would have.", example = [[timer:cancel()]] },
      },
    },
  },
}
