/*
 * Scripts that want more than they may have. Each must be stopped, the call answered by the safe
 * default, and the next script must find everything in order. The program's time limit is the
 * proof that none of them runs on.
 */
#include "tests/unit/lua/script_world.h"

struct hostile {
    const char *body, *error;
};

static const struct hostile loops[] = {
    {"while true do end", "stopped after"},
    {"local function f() while true do end end while true do pcall(f) end", "stopped after"},
    {"local function f() return pcall(f) or f() end f()", "stopped after"},
    {"local function f() return f() end f()", "stopped after"},
    {"while true do xpcall(error, function() while true do end end) end", "stopped after"},
    {"local function h() error(h) end while true do xpcall(error, h) end", "stopped after"},
    {"local t <close> = setmetatable({}, { __close = function() while true do end end })\n"
     "while true do end",
     "stopped after"},
    {"local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })\n"
     "while true do pcall(function() return t[1] end) end",
     "stopped after"},
    {"for _ in pairs(setmetatable({}, { __pairs = function()\n"
     "  return function() return 1 end end })) do end",
     "stopped after"},
    {"goto again ::again:: goto again", "stopped after"},
};

static const struct hostile coroutines[] = {
    {"coroutine.wrap(function() while true do end end)()", "stopped after"},
    {"local function f() while true do end end\n"
     "while true do pcall(coroutine.wrap(f)) end",
     "stopped after"},
    {"local function f() while true do end end\n"
     "while true do coroutine.resume(coroutine.create(f)) end",
     "stopped after"},
    {"local function spawn(depth)\n"
     "  while true do\n"
     "    coroutine.resume(coroutine.create(function()\n"
     "      if depth < 100 then spawn(depth + 1) else while true do end end end))\n"
     "  end end\n"
     "spawn(1)",
     "stopped after"},
    {"local f = coroutine.wrap(function() while true do coroutine.yield() end end)\n"
     "while true do f() end",
     "stopped after"},
    {"local function f() return coroutine.wrap(f)() end f()", "C stack overflow"},
};

static const struct hostile libraries[] = {
    {"while true do pcall(string.rep, 'x', 1e5) end", "stopped after"},
    {"local s = ('x'):rep(1e9)", "the result would be longer than 256 KiB"},
    {"local s = 'x' while true do s = s .. s end", "not enough memory"},
    {"local s = (''):rep(math.maxinteger) while true do end", "stopped after"},
    {"table.move({}, 1, math.maxinteger - 1, 2)", "stopped after"},
    {"table.concat(setmetatable({}, { __index = rawlen }), '', 1, math.maxinteger)",
     "stopped after"},
    {"table.concat(setmetatable({}, { __index = rawlen,\n"
     "  __len = function() return math.maxinteger end }))",
     "stopped after"},
    {"table.unpack({}, 1, math.maxinteger)", "stopped after"},
    {"table.insert(setmetatable({}, { __len = function() return 1e15 end }), 1, 1)",
     "the table is read-only, or has __len"},
    {"table.remove(setmetatable({}, { __len = function() return 1e15 end }), 1)",
     "the table is read-only, or has __len"},
    {"table.sort(setmetatable({}, { __len = function() return 1e9 end }))",
     "the table is read-only, or has __len"},
    {"local t = { ('x'):rep(2e5):byte(1, -1) }\n"
     "while true do pcall(table.sort, t) end",
     "stopped after"},
    {"local s = ('x'):rep(2e5) while true do s:upper() end", "stopped after"},
    {"local s = ('x'):rep(2e5) while true do utf8.len(s) end", "stopped after"},
    {"while true do print('x') end", "stopped after"},
    {"while true do accept {} end", "stopped after"},
};

static const struct hostile patterns[] = {
    {"return (('a'):rep(500)):find(('.-'):rep(40) .. 'b')", "stopped after"},
    {"return (('a'):rep(2e5)):find('(a*)*b')", "stopped after"},
    {"return (('('):rep(2e5)):find('%b()')", "stopped after"},
    {"return (('a'):rep(1e4)):gsub('a*a*a*a*b', '')", "stopped after"},
    {"for _ in (('a'):rep(1e4)):gmatch('a*a*a*a*b') do end", "stopped after"},
    {"local s = ('a'):rep(2e5) while true do s:find('b', 1, true) end", "stopped after"},
    {"local s = ('a'):rep(5e4) return (s .. s):find('^(a*)%1b')", "stopped after"},
    {"return (('a'):rep(300)):find(('a?'):rep(300))", "pattern too complex"},
};

static const struct hostile memories[] = {
    {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "stopped after"},
    {"local t = {} while true do t = { t } end", "stopped after"},
    {"local t = {} for i = 1, 1e9 do t[i] = i end", "stopped after"},
    {"local t = {} while true do t[#t + 1] = coroutine.create(print) end", "stopped after"},
    {"local function f(n) return n + f(n + 1) end f(1)", "policy/site.lua"},
    {"local function f(...) return f(1, ...) end f()", "policy/site.lua"},
    {"return pcall(string.format, ('%s'):rep(200), (function(...) return ... end)(\n"
     "  table.unpack({}, 1, 199)), ('x'):rep(2e5))",
     "hook join must return"},
};

static void assert_stopped(const struct hostile *hostile)
{
    assert_contains(script_failure(hostile->body), hostile->error);
    assert_string_equal(script_result("return 'well'"), "well");
}

static void endless_loops_are_stopped(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++)
        assert_stopped(&loops[i]);
}

static void coroutines_do_not_escape_the_budget(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof coroutines / sizeof *coroutines; i++)
        assert_stopped(&coroutines[i]);
}

static void library_functions_do_not_escape_the_budget(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof libraries / sizeof *libraries; i++)
        assert_stopped(&libraries[i]);
}

/* Each goes through a text or a list of arguments within one instruction. */
static void what_library_functions_are_given_counts(void **state)
{
    static const char *const calls[] = {
        "string.format('', ...)",     "string.pack('', ...)", "string.packsize('', ...)",
        "string.unpack('', '', ...)", "string.char(...)",     "utf8.char(...)",
        "os.date('', ...)",           "os.date(text)",        "string.format(text)",
        "pcall(string.unpack, text)",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        char body[400];

        (void)snprintf(body, sizeof body,
                       "local text, list = ('x'):rep(8000), {}\n"
                       "for i = 1, 500 do list[i] = 1 end\n"
                       "local function f(...) for _ = 1, 2500 do local _ = %s end end\n"
                       "f(table.unpack(list))\n",
                       calls[i]);
        assert_contains(script_failure(body), "stopped after ");
    }
}

static void patterns_do_not_escape_the_budget(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof patterns / sizeof *patterns; i++)
        assert_stopped(&patterns[i]);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof memories / sizeof *memories; i++)
        assert_stopped(&memories[i]);
}

/* What a policy hoards over many hooks, each within its budget, ends at the cap. */
static void a_hoard_ends_at_the_cap_and_a_reload_clears_it(void **state)
{
    json_t *status;
    struct call *call;
    unsigned refused = 0;

    (void)state;
    script_policy("local hoard = {}\n"
                  "function policy.join()\n"
                  "  for _ = 1, 8 do hoard[#hoard + 1] = ('x'):rep(1000):rep(200) .. #hoard end\n"
                  "end\n");
    log_catch();
    for (unsigned i = 0; i < 60; i++) {
        call = world_dial(script.focus, "alice", "demo");
        refused += call->reject_code == 500;
        world_hang_up(script.focus, call);
        script_turn();
    }
    assert_contains(log_caught(), "not enough memory: a script has 32 MiB");
    assert_true(refused > 5);
    status = lua_engine_status(script.engine);
    assert_true(json_integer_value(json_object_get(status, "memory")) <=
                json_integer_value(json_object_get(status, "memory_limit")));
    json_decref(status);
    assert_string_equal(script_result("return 'well'"), "well");
}

static void the_line_that_ran_out_is_named(void **state)
{
    (void)state;
    assert_contains(script_failure("\n\nlocal function f()\n  while true do end\nend\n"
                                   "while true do pcall(f) end"),
                    "policy/site.lua:5: stopped after ");
}

static void a_file_that_never_ends_is_not_loaded(void **state)
{
    (void)state;
    assert_contains(script_load_error("while true do end"), "policy/site.lua:1: stopped after ");
}

static void work_within_the_budget_is_done(void **state)
{
    (void)state;
    assert_string_equal(script_result("local n = 0 for i = 1, 1e5 do n = n + i end return n"),
                        "5000050000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(endless_loops_are_stopped),
        SCRIPT_TEST(coroutines_do_not_escape_the_budget),
        SCRIPT_TEST(library_functions_do_not_escape_the_budget),
        SCRIPT_TEST(what_library_functions_are_given_counts),
        SCRIPT_TEST(patterns_do_not_escape_the_budget),
        SCRIPT_TEST(memory_is_bounded),
        SCRIPT_TEST(a_hoard_ends_at_the_cap_and_a_reload_clears_it),
        SCRIPT_TEST(the_line_that_ran_out_is_named),
        SCRIPT_TEST(a_file_that_never_ends_is_not_loaded),
        SCRIPT_TEST(work_within_the_budget_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
