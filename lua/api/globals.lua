-- Functions that have no table: verdicts, what can be said, and the libraries of Lua itself.
return {
  -- What is as in Lua 5.4. What is not named here is not there: no files, no processes, no code to
  -- load, no finalizers.
  standard = {
    [""] = [[_VERSION assert error getmetatable ipairs next pairs pcall rawequal rawget rawlen rawset
             select setmetatable tonumber tostring type xpcall]],
    string = [[byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack
               upper]],
    table = "concat insert move pack remove sort unpack",
    math = [[abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf
             pi rad random sin sqrt tan tointeger type ult]],
    utf8 = "char charpattern codepoint codes len offset",
    os = "clock date difftime time",
    coroutine = "create isyieldable resume status wrap yield",
  },
  classes = {
    {
      name = "globals",
      separator = "",
      text = [[What decision hooks return, and what `call:say` says.]],
      functions = {
        {
          name = "accept", takes = "parameters?: parameters", gives = "verdict", from = "anywhere",
          text = [[The request is carried out, with these parameters instead of its own. Which mean
            something to which verb stands [below](#decision-hooks).]],
          example = [[return accept { role = "host" }]],
        },
        {
          name = "reject", takes = "code: integer, reason?: string", gives = "verdict", from = "anywhere",
          text = [[It is refused with a SIP status from 400 to 699 and a reason that the phone is told.]],
          example = [[return reject(403, "Members only")]],
        },
        {
          name = "challenge", takes = "", gives = "verdict", from = "anywhere",
          text = [[The phone is asked for a password (RFC 3261 §22), and the hook again once it has given
            a right one.]],
          example = [[if not request.actor.authenticated then return challenge() end]],
        },
        {
          name = "pending", takes = "wait?: pending_options", gives = "verdict", from = "anywhere",
          text = [[Somebody else is to decide. `create`, `timeout` and `decide` cannot wait.]],
          example = [[return pending { decided_by = "host", expires = "3m" }]],
        },
        {
          name = "print", takes = "...: any", gives = "", from = "anywhere",
          text = [[A line in the log, as `parley.log.info`.]],
          example = [[print("called by", call.from.uri)]],
        },
        {
          name = "digits", takes = "text: string|integer", gives = "spoken", from = "anywhere",
          text = [[Digit by digit.]], example = [[call:say(digits "4711")]],
        },
        {
          name = "number", takes = "number: number", gives = "spoken", from = "anywhere",
          text = [["minus twelve point five"]], example = [[call:say("there-are", number(23))]],
        },
        {
          name = "counted", takes = "number: integer, thing: string", gives = "spoken", from = "anywhere",
          text = [["two participants": of a thing the prompts for one and, with an `s`, for several.]],
          example = [[call:say("there-are", counted(3, "participant"))]],
        },
        {
          name = "ordinal", takes = "number: integer", gives = "spoken", from = "anywhere",
          text = [["third"]], example = [[call:say(ordinal(3))]],
        },
        {
          name = "money", takes = "amount: number, currency: string", gives = "spoken",
          from = "anywhere", text = [["twelve euros and fifty cents"]],
          example = [[call:say(money(12.5, "EUR"))]],
        },
        {
          name = "date", takes = "time?: integer", gives = "spoken", from = "anywhere",
          text = [[Of `os.time()`; now, if none is given: "Sunday November third".]],
          example = [[call:say(date())]],
        },
        {
          name = "time", takes = "time?: integer", gives = "spoken", from = "anywhere",
          text = [["nine oh five A M"]], example = [[call:say(time())]],
        },
        {
          name = "duration", takes = "seconds: number", gives = "spoken", from = "anywhere",
          text = [["one minute and thirty seconds"]], example = [[call:say(duration(90))]],
        },
      },
    },
  },
}
