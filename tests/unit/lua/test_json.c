/* The libraries json and base64, as scripts use them. */
#include "tests/unit/lua/script_world.h"

static void assert_gives(const char *expression, const char *expected)
{
    char body[2000];

    (void)snprintf(body, sizeof body, "return %s", expression);
    assert_string_equal(script_result(body), expected);
}

static void plain_data_becomes_json(void **state)
{
    (void)state;
    assert_gives("json.encode { 1, 2.5, 'a\\n\"', true, json.null, { x = -3 } }",
                 "[1,2.5,\"a\\n\\\"\",true,null,{\"x\":-3}]");
    assert_gives("json.encode {} .. json.encode(json.empty_list) .. json.encode 'x'", "{}[]\"x\"");
    assert_gives("json.encode(json.null) .. tostring(json.null) .. tostring(json.empty_list)",
                 "nullnull[]");
}

static void json_becomes_plain_data(void **state)
{
    (void)state;
    assert_gives("(function() local t = json.decode '{\"a\":[1,2.0,\"\\\\u00e4\"],\"n\":null}' "
                 "return #t.a .. math.type(t.a[1]) .. math.type(t.a[2]) .. t.a[3] .. "
                 "tostring(t.n == json.null) end)()",
                 "3integerfloat\xc3\xa4true");
    assert_gives("tostring(json.decode 'true') .. json.decode ' 7 ' .. type(json.decode '[]')",
                 "true7table");
    assert_gives("#json.decode '\"\\\\u0000\"'", "1");
}

static void broken_json_is_told_with_its_position(void **state)
{
    (void)state;
    assert_gives("select(2, json.decode '[1,\\n 2')", "line 2, column 2: ']' expected near end of "
                                                      "file");
    assert_gives("select(2, json.decode '')",
                 "line 1, column 0: unexpected token near end of file");
    assert_gives("tostring(json.decode '{\"a\":1e999}')", "nil");
    assert_gives("(select(2, json.decode(('['):rep(100000)))):match 'depth'", "depth");
}

static void what_is_not_plain_cannot_be_encoded(void **state)
{
    (void)state;
    assert_contains(script_failure("\nreturn json.encode { a = { print } }"),
                    "policy/site.lua:3: json.encode: value.a[1]: only texts, numbers, booleans and "
                    "tables of these can be kept");
    assert_contains(script_failure("return json.encode { 1, x = 2 }"),
                    "a table is either a list or has names for keys");
    assert_contains(script_failure("return json.encode { 1, nil, 3 }"),
                    "value[2]: a list with a hole cannot be kept");
    assert_contains(script_failure("return json.encode(0/0)"), "not a finite number");
    assert_contains(script_failure("return json.encode '\\xff'"), "not UTF-8");
    assert_contains(script_failure("local t = {} t.t = t return json.encode(t)"),
                    "tables nest too deep");
    assert_contains(script_failure("return json.encode(json)"), "metatable");
    assert_contains(script_failure("return json.encode()"), "value expected");
}

/* Thirty tables, each with the one before it in it twice, are 2^30 values. */
static void what_would_be_endless_is_refused_soon(void **state)
{
    (void)state;
    assert_contains(script_failure("local t = { 'x' } for _ = 1, 29 do t = { t, t } end "
                                   "return json.encode(t)"),
                    "too large");
    assert_contains(script_failure("return json.encode(('\\1'):rep(200000))"),
                    "longer than 256 KiB");
}

static void base64_goes_both_ways(void **state)
{
    (void)state; /* RFC 4648 §10 */
    assert_gives("base64.encode '' .. base64.encode 'f' .. base64.encode 'fo' .. base64.encode "
                 "'foo' .. base64.encode 'foob' .. base64.encode 'fooba' .. base64.encode 'foobar'",
                 "Zg==Zm8=Zm9vZm9vYg==Zm9vYmE=Zm9vYmFy");
    assert_gives("base64.decode 'Zm9vYmFy' .. base64.decode 'Zm9vYg==' .. base64.decode 'Zm8' .. "
                 "base64.decode ''",
                 "foobarfoobfo");
    assert_gives("base64.encode(base64.decode '-_+/')", "+/+/");
    assert_gives("(function() local all = {} for i = 0, 255 do all[i + 1] = string.char(i) end "
                 "all = table.concat(all) return base64.decode(base64.encode(all)) == all end)()",
                 "true");
    assert_gives("select(2, base64.decode 'Zm9v Yg')", "byte 5 is not base64");
    assert_gives("select(2, base64.decode 'Zm=v')", "byte 3 is not base64");
    assert_gives("select(2, base64.decode 'Zm9vY')", "byte 5 is not base64");
    assert_gives("select(2, base64.decode '===')", "byte 1 is not base64");
    assert_gives("select(2, base64.decode '====')", "byte 1 is not base64");
    assert_gives("select(2, base64.decode 'a\\0bc')", "byte 2 is not base64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(plain_data_becomes_json),
        SCRIPT_TEST(json_becomes_plain_data),
        SCRIPT_TEST(broken_json_is_told_with_its_position),
        SCRIPT_TEST(what_is_not_plain_cannot_be_encoded),
        SCRIPT_TEST(what_would_be_endless_is_refused_soon),
        SCRIPT_TEST(base64_goes_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
