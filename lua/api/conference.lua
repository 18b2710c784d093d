-- Class conference, and the tables that its methods are given.
return {
  classes = {
    {
      name = "conference",
      separator = ":",
      reads = "read",
      text = [[A conference. `#conference` is how many are in it. A handle to one that is over gives `nil`
        for its fields, and `nil, "gone", 410` from its methods.]],
      fields = {
        { "id", "integer", "" },
        { "name", "string", "the user part of its URI" },
        { "title", "string", "" },
        { "language", "string", [[that prompts are said in to all, `"en"`]] },
        { "policy", "string", "the names of its policies" },
        { "policies", "string[]", "the same and the site's, which comes first: all that decide about it" },
        { "options", "table<string, any>", "what the config says to this policy", from = "policy" },
        { "locked", "boolean", "whether nobody new comes in" },
        { "reserved", "boolean", "whether the config names it, so that it is always there" },
        { "capacity", "integer", "how many may be in it; 0: any number" },
        { "created_at", "integer", "seconds since 1970" },
        { "parent", "conference?", "of a sidebar: the conference that it belongs to" },
        { "ends_at", "integer?", "when its time is over, in seconds since 1970" },
        { "creator", "participant?", "who has had it made, as long as they are in" },
        { "count", "integer", "how many are in it" },
        { "direction", "string", [[what it does: `"sendrecv"`, `"sendonly"`, `"recvonly"`, `"inactive"`]] },
        { "recording", "string?", "the file that is recorded to" },
        { "recording_paused", "boolean", "whether that pauses" },
        { "codecs", "string[]", "that it offers, best first; none: all" },
        { "state", "table<string, any>", [[data of your own, up to 64 KiB, that outlive a reload; what a hook
          that fails has changed is undone]], from = "script", set = "write" },
      },
      functions = {
        {
          name = "participants", takes = "role?: string", gives = "fun(): participant", from = "read",
          text = [[Walks all who are in, called or asked in, or those of one role.]],
          example = [[for host in conference:participants "host" do print(host.uri) end]],
        },
        {
          name = "roster", takes = "", gives = "participant[] or refusal", from = "act",
          text = [[Those whom who asks (`parley.on_behalf`) may see: as the hook `subscribe` says.]],
          example = [[for _, p in ipairs(conference:roster() or {}) do print(p.uri) end]],
        },
        {
          name = "participant", takes = "id: integer", gives = "participant or gone", from = "read",
          text = [[Whose `id` that is.]], example = [[conference:participant(conference.state.first)]],
        },
        {
          name = "pending", takes = "", gives = "fun(): pending", from = "read",
          text = [[Walks what waits for a decision.]],
          example = [[for request in conference:pending() do request:approve() end]],
        },
        {
          name = "count_role", takes = "role: string", gives = "integer", from = "read",
          text = [[How many of that role are in.]],
          example = [[if conference:count_role "host" == 0 then conference:lock() end]],
        },
        {
          name = "floor", takes = "", gives = "fun(): participant", from = "read",
          text = [[Walks those who have the floor.]],
          example = [[for speaker in conference:floor() do speaker:take_floor() end]],
        },
        {
          name = "invite", takes = "uri: string, options?: invite_options",
          gives = "participant or refusal", from = "act",
          text = [[Has somebody called (hook `invite`). The participant is `dialing-out` at first; then `joined`
            or `failed` is told. With `by_refer` they are asked to dial in, and it returns `true`.]],
          example = [[conference:invite("sip:bob@192.0.2.7", { timeout = 20 })]],
        },
        {
          name = "remove_all", takes = "which?: removal_options",
          gives = "removal or refusal", from = "act",
          text = [[Puts out all, called or asked in as well, each by the hook `remove`. When nobody is called
            as `except` says, nobody is, and it returns 404.]],
          example = [[conference:remove_all { except = { "alice", participant }, reason = "Thank you all" }]],
        },
        {
          name = "message", takes = "text: string", gives = "true or refusal", from = "act",
          text = [[Writes to all whose phones take messages (hook `message`).]],
          example = [[conference:message "We go on at three"]],
        },
        {
          name = "wait_for", takes = "events: string|wait_for_options",
          gives = "event or reason", from = "application", waits = true,
          text = [[The next event of these in the conference, and the participant that it is about; or `nil`
            and `"timeout"` or `"gone"`.]],
          example = [[local event, who = conference:wait_for { "joined", timeout = "1m" }]],
        },
        {
          name = "sidebar", takes = "wish?: sidebar_options", gives = "conference or refusal", from = "act",
          text = [[Makes a conference within this one (hook `sidebar`).]],
          example = [[local side = conference:sidebar { title = "A word aside", background = -18 }]],
        },
        {
          name = "sidebars", takes = "", gives = "fun(): conference", from = "read",
          text = [[Walks its sidebars.]],
          example = [[for side in conference:sidebars() do side:close() end]],
        },
        {
          name = "ask", takes = "participant: participant, options?: ask_in_options",
          gives = "participant or refusal", from = "act",
          text = [[Of a sidebar: asks somebody of its parent in, by a prompt that nobody else hears. `joined`
            is told, or `failed` with 603 (declined) or 408.]],
          example = [[side:ask(other, { timeout = 15, accept = "1", decline = "2" })]],
        },
        {
          name = "bring", takes = "participant: participant, options?: bring_options",
          gives = "participant or refusal", from = "act",
          text = [[Of a sidebar: takes somebody of its parent in without asking.]],
          example = [[side:bring(participant)]],
        },
        { name = "lock", takes = "", gives = "true or refusal", from = "act",
          text = "Nobody new comes in (hook `lock`).", example = [[conference:lock()]] },
        { name = "unlock", takes = "", gives = "true or refusal", from = "act",
          text = "They do again.", example = [[conference:unlock()]] },
        {
          name = "media", takes = "media: media_options", gives = "true or refusal", from = "act",
          text = [[Changes the media of all who are in and come, by re-INVITEs (hook `media`).]],
          example = [[conference:media { direction = "sendonly" }]],
        },
        {
          name = "play", takes = "what: file|spoken|announce_options, options?: announce_options",
          gives = "true or refusal", from = "act",
          text = [[To all, or to a bus of the mix (hook `announce`), after what plays and waits there.
            `played` tells when it is over.]],
          example = [[conference:play { "there-are", counted(#conference, "participant"), gain = -6 }]],
        },
        {
          name = "record", takes = "options?: recording_options", gives = "string or refusal", from = "act",
          text = [[Writes what all say to a file (hook `record`), whose name it returns.]],
          example = [[conference:record { file = "board/monday.flac", tracks = true }]],
        },
        { name = "pause_recording", takes = "", gives = "true or refusal", from = "act",
          text = "What is said from now on is in none of its files (hook `record`, with `paused`).",
          example = [[conference:pause_recording()]] },
        { name = "resume_recording", takes = "", gives = "true or refusal", from = "act",
          text = "It goes on.", example = [[conference:resume_recording()]] },
        { name = "stop_recording", takes = "", gives = "true or refusal", from = "act",
          text = "Ends that.", example = [[conference:stop_recording()]] },
        { name = "stop", takes = "options?: stop_options", gives = "true or refusal", from = "act",
          text = "Ends what plays and waits to be played to all, or to a bus.",
          example = [[conference:stop()]] },
        {
          name = "limit", takes = "life: limit_options", gives = "true or refusal", from = "act",
          text = [[How long it goes on from now on (hook `limit`).]],
          example = [[conference:limit { duration = "10m", warning = "1m" }]],
        },
        {
          name = "close", takes = "reason?: string | close_options", gives = "true or refusal",
          from = "act",
          text = [[Ends it for all (hook `close`), once they have heard what is in `after`; nobody
                   comes in meanwhile.]],
          example = [[conference:close { reason = "The host has ended it", after = "conference-over" }]],
        },
        {
          name = "recheck", takes = "", gives = "true or gone", from = "act",
          text = [[Asks the hook `join` again about all who have called in; who is rejected now is put out.]],
          example = [[function policy.reloaded(_, conference) conference:recheck() end]],
        },
        {
          name = "explain", takes = "listener: participant, talker: participant",
          gives = "explanation or gone", from = "read",
          text = [[Why the one hears the other, or does not. Of a sidebar, either may be in its parent.]],
          example = [[print(conference:explain(bob, alice))]],
        },
      },
    },
    {
      name = "invite_options",
      keys_of = "conference:invite",
      extends = "entry",
      parameters = "confirm",
      fields = {
        { "timeout", "duration?", "how long the phone may ring, at most ten minutes" },
        { "name", "string?", "who is called, for the roster" },
        { "referred_by", "string?", "the URI of who has asked for it (RFC 3892)" },
        { "by_refer", "boolean?", "ask them to dial in, instead of calling them", default = "false" },
        { "wait", "boolean?", "wait for the answer: in applications", default = "false" },
      },
    },
    {
      name = "removal_options",
      keys_of = "conference:remove_all",
      fields = {
        { "except", "string|participant|(string|participant)[]|nil",
          "who stays: participants, user parts, URIs" },
        { "role", "string?", "only those of that role" },
        { "reason", "string?", "said in the BYE" },
      },
    },
    {
      name = "removal",
      text = "What has become of `conference:remove_all`.",
      fields = {
        { "count", "integer", "how many are out" },
        { "refused", "refused_removal[]", "for whom that was refused" },
      },
    },
    {
      name = "refused_removal",
      text = "Somebody who is still in.",
      fields = {
        { "participant", "participant", "" },
        { "why", "string", "" },
        { "code", "integer", "202: it waits for a decision" },
      },
    },
    {
      name = "sidebar_options",
      keys_of = "conference:sidebar",
      fields = {
        { "title", "string?", "" },
        { "policy", "policy_stack?", "without one, the parent's" },
        { "background", "gain|false|nil", "how loud the parent is there; `false`: not at all",
          default = "-18" },
        { "shown", [["none"|"ref"|"val"?]], "how the parent's subscribers see it (RFC 4575 §5.9)",
          default = [["ref"]] },
        { "options", "table<string, any>?", "for its policies" },
      },
    },
    {
      name = "bring_options",
      keys_of = "conference:bring",
      fields = {
        { "role", "string?", "" },
        { "display_name", "string?", "" },
        { "may_speak", "boolean?", "" },
        { "floor", "boolean?", "" },
        { "muted", "boolean?", "" },
        { "anonymous", "boolean?", "" },
        { "hidden", "boolean?", "" },
        { "background", "gain|false|nil", "how loud the parent is" },
        { "speaks", "gain?", "" },
        { "hears", "gain?", "" },
      },
    },
    {
      name = "ask_in_options",
      keys_of = "conference:ask",
      extends = "bring_options",
      fields = {
        { "prompt", "file?", [[`""`: none]] },
        { "timeout", "duration?", "at most ten minutes", default = "15" },
        { "accept", "string?", "a key", default = [["1"]] },
        { "decline", "string?", "a key", default = [["2"]] },
      },
    },
    {
      name = "media_options",
      keys_of = "conference:media",
      fields = {
        { "direction", [["sendrecv"|"sendonly"|"recvonly"|"inactive"?]], "what the conference does" },
        { "codecs", "string[]?", "that it offers, best first; `{}`: all" },
      },
    },
    {
      name = "announce_options",
      keys_of = "conference:play",
      text = [[What is played, as in a list, and:]],
      fields = {
        { "gain", "gain?", "", default = "0" },
        { "loop", "boolean?", "one file again and again, until `stop()` or the next `play`",
          default = "false" },
        { "interrupt", "boolean?", "in place of what plays and waits", default = "false" },
        { "duck", "gain?", "added while somebody speaks; 0: nothing",
          default = "-10 to all, 0 to one" },
        { "bus", "string?", "of the mix, as the hook `mix` calls it; all who hear that hear it" },
      },
    },
    {
      name = "stop_options",
      keys_of = "conference:stop",
      fields = { { "bus", "string?", "of the mix" } },
    },
    {
      name = "recording_options",
      keys_of = "conference:record",
      fields = {
        { "file", "string?", "WAV, FLAC or Opus by its name, below the config's `recordings`" },
        { "tracks", "boolean?", "each participant on a track of its own, too", default = "false" },
      },
    },
    {
      name = "limit_options",
      keys_of = "conference:limit",
      fields = {
        { "duration", "duration?", "0: no end" },
        { "warning", "duration?", "so long before that `ending` is told" },
      },
    },
    {
      name = "close_options",
      keys_of = "conference:close",
      fields = {
        { "reason", "string?", "said in the BYE" },
        { "after", "heard?", "what all hear before that, for 30 s at most" },
      },
    },
    {
      name = "wait_for_options",
      keys_of = "conference:wait_for",
      text = [[The names of events, as in a list, and:]],
      fields = {
        { "timeout", "duration?", "how long it waits at most" },
      },
    },
    {
      name = "call_wait_for_options",
      keys_of = "call:wait_for",
      extends = "wait_for_options",
      fields = {
        { "keys", "string?", [[in the mix: those of `"digit"` that matter. They, and what is pressed after
          them, are told to nobody else until this is waited for again]], default = "any" },
      },
    },
  },
}
