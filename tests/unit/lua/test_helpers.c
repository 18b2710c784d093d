/* What applications have others do: http and parley.store, over a web client and a store that
 * answer when the test says so. */
#include "tests/unit/lua/script_world.h"

#include <errno.h>
#include <event2/event.h>

/* ---- the web client ------------------------------------------------------------------------- */

static struct {
    char seen[2000]; /* the request, as "METHOD URL timeout limit|name: value|…|body" */
    void (*handler)(const struct fetch_answer *answer, void *arg);
    void *arg;
    unsigned cancelled;
    int error; /* of the next begin */
} web;

static int fake_begin(void *ctx, const struct fetch_request *request,
                      void (*handler)(const struct fetch_answer *answer, void *arg), void *arg,
                      struct fetch **fetchp, char *error, size_t error_size)
{
    size_t length = (size_t)snprintf(web.seen, sizeof web.seen, "%s %s %u %zu|", request->method,
                                     request->url, request->timeout, request->limit);

    assert_ptr_equal(ctx, &web);
    if (web.error) {
        (void)snprintf(error, error_size, "http.allow does not name it");
        return web.error;
    }
    for (unsigned i = 0; i < request->header_count; i++)
        length += (size_t)snprintf(web.seen + length, sizeof web.seen - length, "%s: %s|",
                                   request->headers[i].name, request->headers[i].value);
    (void)snprintf(web.seen + length, sizeof web.seen - length, "%.*s", (int)request->body_size,
                   request->body ? (const char *)request->body : "");
    web.handler = handler;
    web.arg = arg;
    *fetchp = (struct fetch *)&web;
    return 0;
}

static void fake_cancel(struct fetch *fetch)
{
    assert_ptr_equal(fetch, &web);
    web.cancelled++;
    web.handler = NULL;
}

static const struct fetching fetching = {.ctx = &web, .begin = fake_begin, .cancel = fake_cancel};

static void web_answer(const struct fetch_answer *answer)
{
    assert_non_null(web.handler);
    web.handler(answer, web.arg);
    script_turn();
}

static void web_page(unsigned status, const char *body)
{
    const struct fetch_header headers[] = {{"content-type", "text/plain"}, {"x", "1"}, {"x", "2"}};

    web_answer(&(struct fetch_answer){.status = status,
                                      .headers = headers,
                                      .header_count = 3,
                                      .body = body,
                                      .body_size = strlen(body)});
}

/* ---- the store ------------------------------------------------------------------------------ */

static struct {
    char seen[500]; /* "verb store key ttl value" */
    struct store_value value;
    unsigned char bytes[STORE_VALUE_MAX];
    void (*handler)(const struct store_answer *answer, void *arg);
    void *arg;
    unsigned forgotten;
    int error; /* of the next ask */
} store;

static int fake_ask(void *ctx, const struct store_request *request,
                    void (*handler)(const struct store_answer *answer, void *arg), void *arg,
                    struct store_errand **errandp)
{
    static const char *const verbs[] = {"get", "set", "add", "delete", "keys"};

    assert_ptr_equal(ctx, &store);
    (void)snprintf(store.seen, sizeof store.seen, "%s %s %s %llu %lld", verbs[request->verb],
                   request->store, request->key, (unsigned long long)request->ttl,
                   (long long)request->value.number);
    if (store.error)
        return store.error;
    store.value = request->value;
    assert_true(request->value.size <= sizeof store.bytes);
    if (request->value.size > 0)
        memcpy(store.bytes, request->value.bytes, request->value.size);
    store.value.bytes = store.bytes;
    store.handler = handler;
    store.arg = arg;
    *errandp = (struct store_errand *)&store;
    return 0;
}

static void fake_forget(struct store_errand *errand)
{
    assert_ptr_equal(errand, &store);
    store.forgotten++;
    store.handler = NULL;
}

static const struct storing storing = {.ctx = &store, .ask = fake_ask, .forget = fake_forget};

static void store_answer(const struct store_answer *answer)
{
    assert_non_null(store.handler);
    store.handler(answer, store.arg);
    script_turn();
}

/* ---- the application ------------------------------------------------------------------------ */

static struct call *begin(const char *body)
{
    char path[128], source[4000];
    struct call *call;

    memset(&web, 0, sizeof web);
    memset(&store, 0, sizeof store);
    script.fetching = &fetching;
    script.storing = &storing;
    (void)snprintf(source, sizeof source,
                   "local kv = parley.store 'members'\n"
                   "return function(call) call:answer() local a, why = %s\n"
                   "call:hangup(tostring(a) .. ' ' .. tostring(why))\nend",
                   body);
    script_write("own", source);
    script_path("own", path, sizeof path);
    if (!script.engine) {
        script_write("site", "return parley.policy { name = 'site' }");
        script.applications = json_pack("{s:s}", "9000", path);
        if (script_start())
            fail_msg("%s", script.error);
    } else if (script_reload()) {
        fail_msg("%s", script.error);
    }
    call = world_dial(script.focus, "alice", "9000");
    assert_true(call->answered);
    world_session(script.focus, call, STREAM_SENDRECV, false);
    focus_signalling_events()->on_established(call, script.focus);
    script_turn();
    return call;
}

static void assert_said(struct call *call, const char *reason)
{
    assert_true(call->ended);
    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(focus_call_count(script.focus), 0);
}

static void assert_fails(const char *body, const char *error)
{
    struct call *call;

    log_catch();
    call = begin(body);
    assert_contains(log_caught(), error);
    world_hang_up(script.focus, call);
    script_turn();
}

/* ---- http ----------------------------------------------------------------------------------- */

static void a_page_has_status_headers_and_body(void **state)
{
    struct call *call = begin("(function() local p = http.get('http://a/b') return p.status .. "
                              "p.body .. p.headers['content-type'] .. p.headers.x end)()");

    (void)state;
    assert_string_equal(web.seen, "GET http://a/b 10000 262144|");
    assert_false(call->ended);
    web_page(200, "hello");
    assert_said(call, "200hellotext/plain1, 2 nil");
}

static void what_is_to_be_sent_is_sent(void **state)
{
    struct call *call =
        begin("http.post('http://a/', { user = 'x' }, { headers = { ['X-Key'] = '7' }, "
              "timeout = '2s', limit = 10 })");

    (void)state;
    assert_string_equal(web.seen, "POST http://a/ 2000 10|X-Key: 7|Content-Type: "
                                  "application/json|{\"user\":\"x\"}");
    world_hang_up(script.focus, call);
    script_turn();
    call = begin("http.post('http://a/', 'x=1', { headers = { ['content-type'] = 'text/x' } })");
    assert_string_equal(web.seen, "POST http://a/ 10000 262144|content-type: text/x|x=1");
    world_hang_up(script.focus, call);
    script_turn();
    call = begin("http.request { method = 'DELETE', url = 'http://a/', timeout = 1 }");
    assert_string_equal(web.seen, "DELETE http://a/ 1000 262144|");
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(web.cancelled, 1);
}

/* Nobody but the request holds what __index has made, and making the body's text collects garbage
 * at one time or another. */
static void headers_that_a_metamethod_makes_are_what_is_sent(void **state)
{
    char expected[80] = "X-Made: ";
    struct call *call =
        begin("(function() local body = {}\n"
              "for i = 1, 300 do body[i] = ('b'):rep(200) end\n"
              "local options = setmetatable({}, { __index = function(_, key)\n"
              "  if key == 'headers' then return { ['X-Made'] = ('v'):rep(60) .. #body } end\n"
              "end })\n"
              "for _ = 1, 200 do http.post('http://a/', body, options) body[#body] = nil end\n"
              "return 'sent' end)()");

    (void)state;
    memset(expected + 8, 'v', 60);
    for (unsigned i = 300; i > 100; i--) {
        (void)snprintf(expected + 68, sizeof expected - 68, "%u|", i);
        assert_contains(web.seen, expected);
        web_page(200, "");
    }
    assert_said(call, "sent nil");
}

static void why_there_is_no_page_is_told(void **state)
{
    struct call *call = begin("http.get 'http://a/'");

    (void)state;
    web_answer(&(struct fetch_answer){.problem = "no answer within 10 s"});
    assert_said(call, "nil no answer within 10 s");
}

static void misuse_of_http_says_what_to_do(void **state)
{
    (void)state;
    assert_fails("http.get()", "policy/own.lua:2: http.get: the URL must be a text without NUL");
    assert_fails("http.get 'http://example.com/\\0.html'", "the URL must be a text without NUL");
    assert_fails("http.get('http://a/', { timout = 1 })", "did you mean 'timeout'?");
    assert_fails("http.get('http://a/', { timeout = 61 })", "from 0 to 60 s");
    assert_fails("http.get('http://a/', { headers = { Host = 'b' } })",
                 "headers: Host is set by the server itself");
    assert_fails("http.get('http://a/', { headers = { X = 'a\\nb' } })", "no control characters");
    assert_fails("http.get('http://a/', { headers = { ['a b'] = '' } })", "no name of a header");
    assert_fails("http.post('http://a/', print)", "the body must be a text, or a table for JSON");
    assert_fails("http.post('http://a/', { print })", "the body[1]: only texts");
    assert_fails("http.request { method = 'BREW', url = 'http://a/' }", "method must be GET");
    assert_fails("coroutine.wrap(function() http.get 'http://a/' end)()",
                 "a coroutine of the script's own cannot wait");
}

static void who_may_not_be_asked_is_the_operators_to_change(void **state)
{
    struct call *call;

    (void)state;
    log_catch();
    call = begin("(function() call:sleep(0.01) return http.get 'http://b/' end)()");
    web.error = EACCES;
    while (*web.seen == '\0')
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    assert_contains(log_caught(), "policy/own.lua:2: http.get: http.allow does not name it");
    world_hang_up(script.focus, call);
    script_turn();
}

static void who_hangs_up_gives_it_up(void **state)
{
    struct call *call = begin("http.get 'http://a/'");

    (void)state;
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(web.cancelled, 1);
    call = begin("kv:get 'x'");
    world_hang_up(script.focus, call);
    script_turn();
    assert_int_equal(store.forgotten, 1);
    (void)begin("http.get 'http://a/'"); /* and the server's end does, too */
}

static void policies_cannot_wait(void **state)
{
    (void)state;
    script.fetching = &fetching;
    script.storing = &storing;
    assert_contains(
        script_failure("http.get 'http://a/'"),
        "policy/site.lua:2: http.get is not possible in a decision hook: it is for applications");
    assert_contains(script_failure("parley.store('a'):get 'x'"),
                    "store:get is not possible in a decision hook: it is for applications");
}

/* ---- the store ------------------------------------------------------------------------------ */

static void plain_data_is_kept_and_comes_back(void **state)
{
    struct call *call = begin("(function() local ok = kv:set('a', { 1, x = 'y' }, { ttl = '5m' }) "
                              "return tostring(ok) .. kv:get('a').x end)()");
    struct store_value kept;

    (void)state;
    assert_string_equal(store.seen, "set members a 300000 0");
    assert_int_equal(store.value.kind, STORE_BYTES);
    kept = store.value;
    store_answer(&(struct store_answer){.problem = NULL});
    assert_string_equal(store.seen, "get members a 0 0");
    {
        unsigned char copy[200];

        assert_true(kept.size < sizeof copy);
        memcpy(copy, store.bytes, kept.size);
        kept.bytes = copy;
        store_answer(&(struct store_answer){.value = kept});
    }
    assert_said(call, "truey nil");
}

static void numbers_are_kept_as_numbers(void **state)
{
    struct call *call = begin("kv:set('n', -7)");

    (void)state;
    assert_string_equal(store.seen, "set members n 0 -7");
    assert_int_equal(store.value.kind, STORE_NUMBER);
    store_answer(&(struct store_answer){.problem = NULL});
    assert_said(call, "true nil");
    call = begin("kv:add 'n'");
    assert_string_equal(store.seen, "add members n 0 1");
    store_answer(&(struct store_answer){.value = {.kind = STORE_NUMBER, .number = 3}});
    assert_said(call, "3 nil");
    call = begin("kv:add('n', -2, { ttl = 60 })");
    assert_string_equal(store.seen, "add members n 60000 -2");
    store_answer(&(struct store_answer){.problem = "the sum is too large"});
    assert_said(call, "nil the sum is too large");
}

static void keys_come_as_a_list(void **state)
{
    struct call *call = begin("(function() local list, more = kv:keys 'a' return #list .. list[1] "
                              ".. list[2] .. tostring(more) end)()");

    (void)state;
    assert_string_equal(store.seen, "keys members a 0 0");
    store_answer(&(struct store_answer){
        .value = {.kind = STORE_BYTES, .bytes = (const unsigned char *)"a1\0a2", .size = 6},
        .has_more = true});
    assert_said(call, "2a1a2true nil");
    call = begin("#kv:keys()");
    assert_string_equal(store.seen, "keys members  0 0");
    store_answer(&(struct store_answer){.value = {.kind = STORE_BYTES}});
    assert_said(call, "0 nil");
}

static void what_is_not_there_is_nil(void **state)
{
    struct call *call = begin("kv:delete 'x'");

    (void)state;
    assert_string_equal(store.seen, "delete members x 0 0");
    store_answer(&(struct store_answer){.problem = NULL});
    assert_said(call, "nil nil");
    call = begin("kv:get 'x'");
    store_answer(&(struct store_answer){
        .value = {.kind = STORE_BYTES, .bytes = (const unsigned char *)"?", .size = 1}});
    assert_said(call, "nil what is kept there cannot be read");
}

static void misuse_of_the_store_says_what_to_do(void **state)
{
    (void)state;
    assert_fails("kv:get()", "policy/own.lua:2: get: the key must be a text");
    assert_fails("kv:get ''", "get: the key must not be empty");
    assert_fails("kv:set 'x'", "set: there is no value; delete(key) forgets one");
    assert_fails("kv:set('x', { a = print })", "set: the value.a: a function cannot be kept");
    assert_fails("kv:set('x', ('x'):rep(70000))", "larger than 64 KiB");
    assert_fails("kv:set('x', 1, { tll = 1 })", "did you mean 'ttl'?");
    assert_fails("kv:set('x', 1, { ttl = 0 })", "from 1 to");
    assert_fails("kv:add('x', 1.5)", "number has no integer representation");
    assert_fails("parley.store ''", "the name must not be empty");
    assert_fails("kv.get('x')", "store expected");
}

static void a_store_that_is_too_busy_says_so(void **state)
{
    struct call *call = begin("call:sleep(0.01) a, why = kv:get 'x'");

    (void)state;
    store.error = EAGAIN;
    while (!call->ended)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    assert_said(call, "nil the store is too busy");
}

static void what_changes_something_is_done_when_nobody_waits(void **state)
{
    struct call *call = begin("(function() call:on_hangup(function() "
                              "assert(select(2, kv:get 'x') == 'gone') "
                              "assert(kv:set('x', 'bye', { ttl = 9 }) == true) end) "
                              "return call:sleep(60) end)()");

    (void)state;
    log_catch();
    world_hang_up(script.focus, call);
    script_turn();
    assert_string_equal(log_caught(), "");
    assert_string_equal(store.seen, "set members x 9000 0");
    assert_null(store.handler);
}

static void a_timer_changes_something_without_waiting(void **state)
{
    struct call *call = begin("(function() parley.after(0, function() "
                              "assert(kv:set('x', 'timer', { ttl = 9 }) == true) "
                              "call:hangup(select(2, pcall(kv.get, kv, 'x'))) end) "
                              "return call:sleep(60) end)()");

    (void)state;
    while (!call->ended)
        (void)event_base_loop(loop_base(script.loop), EVLOOP_ONCE);
    assert_contains(call->reason, "get: the application waits already");
    assert_string_equal(store.seen, "set members x 9000 0");
    assert_null(store.handler);
    world_hang_up(script.focus, call);
    script_turn();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_page_has_status_headers_and_body),
        SCRIPT_TEST(what_is_to_be_sent_is_sent),
        SCRIPT_TEST(headers_that_a_metamethod_makes_are_what_is_sent),
        SCRIPT_TEST(why_there_is_no_page_is_told),
        SCRIPT_TEST(misuse_of_http_says_what_to_do),
        SCRIPT_TEST(who_may_not_be_asked_is_the_operators_to_change),
        SCRIPT_TEST(who_hangs_up_gives_it_up),
        SCRIPT_TEST(policies_cannot_wait),
        SCRIPT_TEST(plain_data_is_kept_and_comes_back),
        SCRIPT_TEST(numbers_are_kept_as_numbers),
        SCRIPT_TEST(keys_come_as_a_list),
        SCRIPT_TEST(what_is_not_there_is_nil),
        SCRIPT_TEST(misuse_of_the_store_says_what_to_do),
        SCRIPT_TEST(a_store_that_is_too_busy_says_so),
        SCRIPT_TEST(what_changes_something_is_done_when_nobody_waits),
        SCRIPT_TEST(a_timer_changes_something_without_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
