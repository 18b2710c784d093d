-- Values that scripts pass around, and the types that descriptions name.
return {
  types = {
    { "duration", "number|string", [[seconds, or a text such as `"5m"` (`ms`, `s`, `m`, `h`, `d`)]] },
    { "gain", "number", "dB, from -60 to 12" },
    { "gain_or_off", [[number|"off"]], [[dB, from -60 to 12, or `"off"`]] },
    { "file", "string", [[a prompt's name, a sound file in the config's directory or below it, a
      recording (`"recording:board/monday.flac"`), or tones (`"tone:440/200,0/100"`: Hz, ms)]] },
    { "policy_stack", "string|string[]", "the name of a policy, or several that are asked in turn" },
    { "heard", "file|spoken|(file|spoken)[]", "what is played, one after the other" },
  },
  classes = {
    {
      name = "actor",
      text = [[Who asks: `request.actor`, `pending.actor`, `call.from`.]],
      fields = {
        { "kind", [["caller"|"script"|"server"]], "a phone, a script or the operator, a time limit" },
        { "uri", "string", "of a script: its file" },
        { "user", "string", "the user part of the URI; the account's name, once that is proven" },
        { "host", "string", "the host part" },
        { "display_name", "string", "as the phone says it" },
        { "user_agent", "string", "the phone's software, as it says itself" },
        { "peer", "string", "the address that the request came from" },
        { "referred_by", "string", "whom the other end names as having sent it (RFC 3892)" },
        { "groups", "table", "of the account, as a list and as a set: `groups.staff`" },
        { "authenticated", "boolean", "whether it has proven who it is" },
        { "proof", [["password"|"peer"|"registration"|"none"|"server"]],
          "by what: a password, a trusted proxy's word, the address that has registered" },
        { "anonymous", "boolean", "whether the caller asks for privacy (RFC 3323)" },
        { "is_focus", "boolean", "whether it is another conference, which wants to be linked" },
        { "participant", "participant?", "who it is in the conference, if it is in" },
      },
    },
    {
      name = "verdict",
      text = [[What decision hooks return: made by `accept`, `reject`, `challenge` and `pending`.]],
    },
    {
      name = "spoken",
      text = [[What is said by prompts: made by `number`, `date` and the like, for `call:say`,
        `call:play` and `call:ask`.]],
    },
    {
      name = "time_of_day",
      text = [[What `parley.time` returns.]],
      fields = {
        { "year", "integer", "" }, { "month", "integer", "1 to 12" }, { "day", "integer", "1 to 31" },
        { "hour", "integer", "0 to 23" }, { "min", "integer", "0 to 59" }, { "sec", "integer", "0 to 60" },
        { "minute_of_day", "integer", "0 to 1439" },
        { "weekday", "string", [[`"monday"`, …]] },
      },
    },
    {
      name = "option_declaration",
      text = [[What the config may say to a policy or an application. See "Scripts" in README.md.]],
      fields = {
        { "type", [["string"|"number"|"integer"|"boolean"|"choice"|"time"|"zone"|"duration"|"policy"|"list"]],
          "what the config may give" },
        { "default", "any", "what holds when it gives nothing" },
        { "min", "number?", "the least number, time or duration, or the fewest bytes of a text" },
        { "max", "number?", "the most" },
        { "choices", "string[]?", [[what can be chosen; of a `"choice"` or a `"list"`]] },
        { "doc", "string?", "one line for `parley policies`" },
        { "secret", "boolean?", "no error message shows its value" },
        { "public", "boolean?", "subscribers of the policy package are told its value" },
      },
    },
    {
      name = "explanation",
      text = [[Why: what `explain` returns. `tostring` makes a text of it that can be read aloud.]],
      fields = {
        { "reasons", "table[]", [[each with `text`, and, when somebody has decided it, `verb`, `asked_by`,
          `answered_by`, `by` (the line of a script), `generation`, `at`, `event`, `digit`]] },
        { "audible", "boolean?", "of two: whether the one hears the other" },
        { "gain", "number?", "of two: how loud, in dB" },
      },
    },
  },
}
