/* What scripts can see, and what they cannot. */
#include "tests/unit/lua/script_world.h"

static void what_could_reach_outside_is_not_there(void **state)
{
    static const char *const names[] = {
        "io",
        "debug",
        "require",
        "package",
        "load",
        "loadfile",
        "dofile",
        "collectgarbage",
        "_G",
        "loadstring",
        "os.execute",
        "os.getenv",
        "os.exit",
        "os.remove",
        "os.rename",
        "os.tmpname",
        "os.setlocale",
        "string.dump",
        "math.randomseed",
        "coroutine.close",
        "coroutine.running",
    };
    char body[128];

    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(body, sizeof body,
                       "local ok, value = pcall(function() return %s end)\n"
                       "return not ok or value == nil",
                       names[i]);
        assert_string_equal(script_result(body), "true");
    }
}

static void what_a_policy_needs_is_there(void **state)
{
    (void)state;
    assert_string_equal(script_result("local t = { 'b', 'a' } table.sort(t)\n"
                                      "return table.concat(t, ',') .. math.floor(2.5) .. "
                                      "('x'):rep(3, '-') .. utf8.char(228) .. "
                                      "#os.date('%Y') .. type(os.time()) .. select('#', 1, 2)"),
                        "a,b2x-x-x\xc3\xa4"
                        "4number2");
}

static void globals_are_frozen(void **state)
{
    (void)state;
    assert_contains(script_failure("\ncount = 1"),
                    "policy/site.lua:3: cannot set global 'count': write `local count`");
    assert_contains(script_failure("accept = nil"), "cannot set 'accept': it is read-only");
    assert_contains(script_failure("return acept {}"),
                    "policy/site.lua:2: unknown global 'acept' (did you mean 'accept'?)");
}

static void libraries_are_frozen(void **state)
{
    static const char *const bodies[] = {
        "string.format = nil",
        "parley.version = 2",
        "parley.log.info = print",
        "rawset(string, 'find', print)",
        "rawset(parley, 'conference', print)",
        "setmetatable(string, {})",
        "setmetatable(_ENV, {})",
        "rawset(_ENV, 'x', 1)",
        "table.insert(string, 1)",
        "string[1] = 1",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_contains(script_failure(bodies[i]), strstr(bodies[i], "setmetatable")
                                                       ? "cannot change a protected metatable"
                                                       : "read-only");
}

static void metatables_of_others_are_hidden(void **state)
{
    (void)state;
    assert_string_equal(script_result("return tostring(getmetatable('')) .. "
                                      "tostring(getmetatable(conference)) .. "
                                      "tostring(getmetatable(string)) .. "
                                      "tostring(getmetatable(_ENV)) .. "
                                      "tostring(getmetatable(accept()))"),
                        "falsefalsefalsefalsefalse");
}

static void metatables_of_ones_own_work(void **state)
{
    (void)state;
    assert_string_equal(script_result("local t = setmetatable({}, { __index = { a = 1 } })\n"
                                      "return t.a + getmetatable(t).__index.a"),
                        "2");
    assert_contains(script_failure("setmetatable({}, { __gc = print })"),
                    "__gc is not available to scripts");
}

static void bytecode_is_refused(void **state)
{
    (void)state;
    assert_contains(script_load_error("\033Lua"), "attempt to load a binary chunk");
}

static void coroutines_work(void **state)
{
    (void)state;
    assert_string_equal(
        script_result("local co = coroutine.create(function(a)\n"
                      "  local b = coroutine.yield(a + 1)\n"
                      "  local ok = pcall(function() coroutine.yield(b * 2) error('x') end)\n"
                      "  return tostring(ok)\n"
                      "end)\n"
                      "local _, x = coroutine.resume(co, 1)\n"
                      "local _, y = coroutine.resume(co, 5)\n"
                      "local _, z = coroutine.resume(co)\n"
                      "local dead, why = coroutine.resume(co)\n"
                      "return table.concat({ x, y, z, coroutine.status(co), tostring(dead), why }, "
                      "' ')"),
        "2 10 false dead false cannot resume a dead coroutine");
    assert_string_equal(script_result("local list = {}\n"
                                      "for i in coroutine.wrap(function()\n"
                                      "  for i = 1, 3 do coroutine.yield(i) end end) do\n"
                                      "  list[#list + 1] = i end\n"
                                      "return table.concat(list)"),
                        "123");
    assert_string_equal(script_result("local f = coroutine.wrap(function() error('inner', 0) end)\n"
                                      "return select(2, pcall(f))"),
                        "inner");
}

static void read_only_tables_can_be_read_as_ever(void **state)
{
    (void)state;
    assert_string_equal(script_result("local n = 0 for k, v in pairs(table) do n = n + 1 end\n"
                                      "return n"),
                        "7");
}

static void errors_of_library_functions_name_the_scripts_line(void **state)
{
    (void)state;
    assert_contains(script_failure("\nlocal s = table.concat({ {} })"),
                    "policy/site.lua:3: invalid value (table) at index 1");
    assert_contains(script_failure("\nlocal s = ('x'):rep({})"),
                    "policy/site.lua:3: bad argument #1 to 'rep'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(what_could_reach_outside_is_not_there),
        SCRIPT_TEST(what_a_policy_needs_is_there),
        SCRIPT_TEST(globals_are_frozen),
        SCRIPT_TEST(libraries_are_frozen),
        SCRIPT_TEST(metatables_of_others_are_hidden),
        SCRIPT_TEST(metatables_of_ones_own_work),
        SCRIPT_TEST(bytecode_is_refused),
        SCRIPT_TEST(coroutines_work),
        SCRIPT_TEST(read_only_tables_can_be_read_as_ever),
        SCRIPT_TEST(errors_of_library_functions_name_the_scripts_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
