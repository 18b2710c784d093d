/* Plain data as bytes and back. */
#include "lua/state.h"

#include <errno.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static lua_State *L;

static int setup(void **state)
{
    (void)state;
    L = luaL_newstate();
    luaL_openlibs(L);
    return L == NULL;
}

static int teardown(void **state)
{
    (void)state;
    lua_close(L);
    return 0;
}

/* Pushes the value of a Lua expression. */
static void evaluate(const char *expression)
{
    lua_pushfstring(L, "return %s", expression);
    if (luaL_dostring(L, lua_tostring(L, -1)) != LUA_OK)
        fail_msg("%s", lua_tostring(L, -1));
    lua_remove(L, -2);
}

static void every_plain_value_comes_back(void **state)
{
    static const char *const values[] = {
        "true",
        "false",
        "0",
        "-1",
        "1 << 62",
        "math.mininteger",
        "math.maxinteger",
        "1.5",
        "-0.0",
        "1/0",
        "-1/0",
        "''",
        "'a\\0b'",
        "('x'):rep(1000)",
        "{}",
        "{ 1, 2, 3 }",
        "{ a = { b = { c = { 'deep' } } }, [1.5] = 'x', [-7] = 'y' }",
    };
    static const char same[] =
        "local function same(a, b)\n"
        "  if type(a) ~= 'table' then return a == b and math.type(a) == math.type(b) end\n"
        "  for k, v in pairs(a) do if not same(v, b[k]) then return false end end\n"
        "  for k in pairs(b) do if a[k] == nil then return false end end\n"
        "  return true\n"
        "end\n"
        "return same(...)";
    struct plain_error error;
    unsigned char *bytes;
    size_t size;

    (void)state;
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        assert_int_equal(luaL_loadstring(L, same), LUA_OK);
        evaluate(values[i]);
        assert_int_equal(plain_encode(L, -1, 65536, &bytes, &size, &error), 0);
        assert_int_equal(plain_decode(L, bytes, size), 0);
        free(bytes);
        lua_call(L, 2, 1);
        if (!lua_toboolean(L, -1))
            fail_msg("%s came back as something else", values[i]);
        lua_settop(L, 0);
    }
}

static void what_is_not_plain_is_refused_with_its_path(void **state)
{
    static const struct {
        const char *value, *path, *what;
    } cases[] = {
        {"print", "", "a function cannot be kept"},
        {"{ a = { [3] = { b = print } } }", ".a[3].b", "a function cannot be kept"},
        {"{ [2.5] = io.stdout }", "[2.5]", "a userdata cannot be kept"},
        {"{ [{}] = 1 }", "", "a table cannot be kept as a key; use strings or numbers"},
        {"(function() local t = { x = {} } t.x.y = t return t end)()", ".x.y",
         "a table that holds itself cannot be kept"},
    };
    struct plain_error error;
    unsigned char *bytes;
    size_t size;

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        evaluate(cases[i].value);
        assert_int_equal(plain_encode(L, -1, 65536, &bytes, &size, &error), EINVAL);
        assert_string_equal(error.path, cases[i].path);
        assert_string_equal(error.what, cases[i].what);
        assert_int_equal(lua_gettop(L), 1);
        lua_settop(L, 0);
    }
}

static void a_table_that_is_there_twice_is_kept_twice(void **state)
{
    struct plain_error error;
    unsigned char *bytes;
    size_t size;

    (void)state;
    evaluate("(function() local t = { 7 } return { t, t } end)()");
    assert_int_equal(plain_encode(L, -1, 65536, &bytes, &size, &error), 0);
    free(bytes);
}

static void the_limit_is_exact(void **state)
{
    struct plain_error error;
    unsigned char *bytes;
    size_t size;

    (void)state;
    evaluate("('x'):rep(100)");
    assert_int_equal(plain_encode(L, -1, 103, &bytes, &size, &error), 0);
    assert_int_equal(size, 103);
    free(bytes);
    assert_int_equal(plain_encode(L, -1, 102, &bytes, &size, &error), E2BIG);
}

/* Bytes may come from a store that a disk has eaten: every truncation and every changed byte is
 * either refused or read as some value, and leaves the stack in order. */
static void damaged_bytes_are_refused_or_read_but_never_harm(void **state)
{
    struct plain_error error;
    unsigned char *bytes, *damaged;
    size_t size;

    (void)state;
    evaluate("{ a = { 1, 2.5, 'text', true }, ['key'] = false, [-3] = {} }");
    assert_int_equal(plain_encode(L, -1, 65536, &bytes, &size, &error), 0);
    for (size_t length = 0; length < size; length++) {
        damaged = malloc(length + 1); /* exact, for the address sanitizer */
        assert_non_null(damaged);
        memcpy(damaged, bytes, length);
        assert_int_equal(plain_decode(L, damaged, length), EINVAL);
        assert_int_equal(lua_gettop(L), 1);
        free(damaged);
    }
    for (size_t at = 0; at < size; at++) {
        for (unsigned change = 1; change < 256; change++) {
            damaged = malloc(size);
            assert_non_null(damaged);
            memcpy(damaged, bytes, size);
            damaged[at] ^= (unsigned char)change;
            assert_int_equal(lua_gettop(L), plain_decode(L, damaged, size) == 0 ? 2 : 1);
            lua_settop(L, 1);
            free(damaged);
        }
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_plain_value_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_plain_is_refused_with_its_path, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_table_that_is_there_twice_is_kept_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(the_limit_is_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused_or_read_but_never_harm, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
