-- Class pending: what waits for somebody's decision.
return {
  classes = {
    {
      name = "pending",
      separator = ":",
      reads = "read",
      text = [[A request that waits for somebody's decision: `event.request`, `request.pending`,
        `conference:pending()`.]],
      fields = {
        { "id", "integer", "the number that `parley approve` takes" },
        { "verb", "string", [[`"join"`, …]] },
        { "conference", "conference", "" },
        { "actor", "actor", "who asks" },
        { "target", "participant?", "whom it is about" },
        { "uri", "string?", "of an invite: who is to be called" },
        { "text", "string?", "of a message" },
        { "package", "string?", "of a subscription" },
        { "params", "table", "what is asked for" },
        { "since", "integer", "seconds since 1970" },
        { "expires_at", "integer", "seconds since 1970; then it counts as refused" },
        { "reason", "string", "why it waits, as the policy has said" },
        { "by", "string", "the line of the policy that lets it wait" },
        { "deciders", "string[]", "the roles that are to decide" },
        { "decided_by", "string?", "who has" },
      },
      functions = {
        { name = "approve", takes = "instead?: parameters", gives = "participant|true or refusal",
          from = "act", text = "It is carried out (hook `decide`), with these parameters if any are given.",
          example = [[request:approve { role = "guest" }]] },
        { name = "reject", takes = "code?: integer, reason?: string", gives = "true or refusal", from = "act",
          text = "It is refused, by 603 if no code is given.",
          example = [[request:reject(603, "Not now")]] },
      },
    },
    {
      name = "pending_options",
      keys_of = "pending",
      extends = "parameters",
      text = [[What `pending` is given: who decides, and what the request is accepted with.]],
      fields = {
        { "meanwhile", [["music"|"early"|"ring"|"silence"?]], [[what a caller meets with: an answer and music;
          music before the answer (183); 180; an answer and nothing]], default = [["music"]] },
        { "decided_by", "string|string[]|nil", "a role, or up to four", default = [["moderator"]] },
        { "expires", "duration?", "then it counts as refused (408); at most a day", default = [["5m"]] },
        { "announce", "file?", "is played to those who are to decide" },
        { "reason", "string?", "is told to them" },
      },
    },
  },
}
