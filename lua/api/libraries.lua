-- json, base64, http and the store.
return {
  classes = {
    {
      name = "json",
      separator = ".",
      fields = {
        { "null", "any", "stands for `null`", from = "anywhere" },
        { "empty_list", "any", "stands for `[]`, where `{}` would be an object", from = "anywhere" },
      },
      functions = {
        { name = "encode", takes = "value: any", gives = "string", from = "anywhere",
          text = "A table is a list without holes, or has names for keys.",
          example = [[json.encode { id = 7, tags = { "a", "b" } }]] },
        { name = "decode", takes = "text: string", gives = "any or reason", from = "anywhere",
          text = "What cannot be read is `nil`, with line and column.",
          example = [[local member = json.decode(page.body)]] },
      },
    },
    {
      name = "base64",
      separator = ".",
      functions = {
        { name = "encode", takes = "bytes: string", gives = "string", from = "anywhere",
          text = "With padding.", example = [[base64.encode "user:password"]] },
        { name = "decode", takes = "text: string", gives = "string or reason", from = "anywhere",
          text = "Both alphabets are read, with or without padding.",
          example = [[local bytes = base64.decode(text)]] },
      },
    },
    {
      name = "http",
      separator = ".",
      text = [[Other servers, as far as the config's `http.allow` names them.]],
      functions = {
        { name = "get", takes = "url: string, options?: http_options", gives = "page or reason",
          from = "application", waits = true, text = "Asks for a page.",
          example = [[local page, why = http.get("https://api.example.com/members/7", { timeout = 3 })]] },
        { name = "post", takes = "url: string, body: string|table, options?: http_options",
          gives = "page or reason", from = "application", waits = true,
          text = "Sends a text, or a table as JSON.",
          example = [[http.post("https://api.example.com/calls", { from = call.from.uri })]] },
        { name = "request", takes = "request: http_request", gives = "page or reason",
          from = "application", waits = true, text = "The same by another method.",
          example = [[http.request { method = "DELETE", url = "https://api.example.com/calls/7" }]] },
      },
    },
    {
      name = "http_options",
      keys_of = "http.get",
      fields = {
        { "headers", "table<string, string>?", "to be sent along" },
        { "timeout", "duration?", "at most a minute", default = "10" },
        { "limit", "integer?", "bytes of the answer, at most 256 KiB", default = "256 KiB" },
      },
    },
    {
      name = "http_request",
      keys_of = "http.request",
      extends = "http_options",
      fields = {
        { "method", [["GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE"?]], "", default = [["GET"]] },
        { "url", "string", "" },
        { "body", "string|table|nil", "a table is sent as JSON" },
      },
    },
    {
      name = "page",
      text = [[What `http` answers.]],
      fields = {
        { "status", "integer", "200, …" },
        { "headers", "table<string, string>", "by their names in lower case" },
        { "body", "string", "" },
      },
    },
    {
      name = "store",
      separator = ":",
      text = [[What `parley.store "name"` gives: plain data by keys, up to 64 KiB each, that outlives calls
        and restarts. What changes it waits until that is done, where there is waiting; elsewhere (in a timer,
        after the caller has hung up) it is done as well, and returns `true` at once. A test finds there what
        its server has kept.]],
      functions = {
        { name = "get", takes = "key: string", gives = "any or reason", from = "keep", waits = true,
          text = "The value; `nil` alone when there is none.",
          example = [[local known = cache:get(call.from.user)]] },
        { name = "set", takes = "key: string, value: any, options?: store_options",
          gives = "true or reason", from = "keep", text = "Keeps it.",
          example = [[cache:set(user, found, { ttl = "1d" })]] },
        { name = "add", takes = "key: string, number?: integer, options?: store_options",
          gives = "integer or reason", from = "keep",
          text = "The sum, with 1 if no number is given: nobody else comes in between.",
          example = [[local count = calls:add(call.from.user, 1, { ttl = "1h" })]] },
        { name = "delete", takes = "key: string", gives = "any or reason", from = "keep",
          text = "What was there.", example = [[cache:delete(user)]] },
        { name = "keys", takes = "prefix?: string", gives = "string[] or reason", from = "keep",
          waits = true, text = "The first 1,000 in their order; and whether there are more.",
          example = [[for _, key in ipairs(calls:keys "sip:") do print(key) end]] },
      },
    },
    {
      name = "store_options",
      keys_of = "store:set",
      fields = {
        { "ttl", "duration?", "then it is forgotten" },
      },
    },
  },
}
