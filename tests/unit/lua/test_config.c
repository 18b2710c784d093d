/* The config file: what it may say, and how it is told what is wrong. */
#include "tests/unit/settings_world.h"

#include "lua/lua_config.h"

#include <unistd.h>

static char path[] = "/tmp/parley-config-XXXXXX";
static bool is_script;

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static int load_bytes(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    error[0] = '\0';
    return lua_config_load(path, &settings, &is_script, error, sizeof error);
}

static int load(const char *text)
{
    return load_bytes(text, strlen(text));
}

static void accepts(const char *text)
{
    if (load(text)) {
        fail_msg("%s", error);
    }
    assert_false(is_script);
}

/* The error is in that line (0: none is named), and has the words. */
static void rejects(const char *text, unsigned line, const char *words)
{
    char place[80];
    settings_free(&settings);
    assert_int_equal(settings_init(&settings), 0);
    assert_int_equal(load(text), EINVAL);
    if (line > 0) {
        snprintf(place, sizeof place, "%s:%u: ", path, line);
    } else {
        snprintf(place, sizeof place, "%s: ", path);
    }
    if (strncmp(error, place, strlen(place)) != 0 || !strstr(error, words)) {
        fail_msg("\"%s\" is not \"%s…%s\"", error, place, words);
    }
}

static void an_editor_may_end_lines_and_mark_the_text_in_its_own_way(void **state)
{
    (void)state;
    accepts("\xef\xbb\xbf"
            "-- by Notepad\r\ndomain = 'conf.example.com'\r\n\r\nconferences = { demo = {\r\n"
            "    title = 'Demo' } }\r\n");
    assert_string_equal(settings.domain, "conf.example.com");
    accepts("\xef\xbb\xbf#!/usr/bin/parley\r\ndomain = 'conf.example.com'\r\n");
    rejects("\xef\xbb\xbf"
            "threads = 1\r\n\r\nthreds = 2\r\n",
            3, "there is no option \"threds\"");
    rejects("\xff\xfe"
            "threads = 1\n",
            0, "is written in UTF-16; save it as UTF-8");
}

static void a_config_sets_options_of_every_type(void **state)
{
    (void)state;
    accepts("domain = 'conf.example.com'\n"
            "listen = { 'sip:127.0.0.1:5070', 'sip:[::1]' }\n"
            "rtp = { address = '127.0.0.1', ports = { 30000, 30999 }, timeout = '90s' }\n"
            "threads = 2\n"
            "session = { expires = 600, min_se = '2m' }\n"
            "stop_timeout = 0.25\n"
            "log_level = 'debug'\n"
            "conferences = {\n"
            "    demo = {},\n"
            "    board = { policy = 'moderated', title = 'Board', capacity = 12,\n"
            "        options = { moderators = { 'alice', 'bob' }, pin = '4711', loud = true,\n"
            "            gain = -1.5, tries = 3, none = {} } },\n"
            "}\n");
    assert_string_equal(settings.file, path);
    assert_string_equal(settings.domain, "conf.example.com");
    assert_int_equal(settings.listen.count, 2);
    assert_string_equal(settings.rtp_addresses.items[0], "127.0.0.1");
    assert_int_equal(settings.rtp_port_low, 30000);
    assert_int_equal(settings.rtp_port_high, 30999);
    assert_int_equal(settings.rtp_timeout, 90000);
    assert_int_equal(settings.media_threads, 2);
    assert_int_equal(settings.session_expires, 600);
    assert_int_equal(settings.session_min_se, 120);
    assert_int_equal(settings.stop_timeout, 250);
    assert_int_equal(settings.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(settings.conference_count, 2);
    assert_string_equal(settings.conferences[0].name, "demo");
    assert_string_equal(settings.conferences[1].name, "board");
    assert_string_equal(settings.conferences[1].title, "Board");
    assert_int_equal(settings.conferences[1].capacity, 12);
    char *options = json_dumps(settings.conferences[1].options, JSON_SORT_KEYS | JSON_COMPACT);
    assert_string_equal(options, "{\"gain\":-1.5,\"loud\":true,\"moderators\":[\"alice\",\"bob\"],"
                                 "\"none\":{},\"pin\":\"4711\",\"tries\":3}");
    free(options);
}

static void a_config_has_accounts(void **state)
{
    struct account account;
    (void)state;
    accepts("registrar = false\n"
            "trusted_peers = { '192.0.2.1', '10.0.0.0/8', '2001:db8::/32' }\n"
            "digest = { algorithms = 'MD5', nonce_expires = '1m' }\n"
            "accounts = {\n"
            "    bob = { ha1 = { '0123456789ABCDEF0123456789abcdef' } },\n"
            "    alice = { password = 'Wonder \\\"land', groups = { 'staff', 'chair' },\n"
            "        name = 'Alice' },\n"
            "}\n");
    assert_int_equal(settings.registrar, SWITCH_OFF);
    assert_int_equal(settings.trusted_peers.count, 3);
    assert_int_equal(settings.digest_algorithms.count, 1);
    assert_int_equal(settings.nonce_expires, 60);
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
    assert_int_equal(settings_find_account(&settings, "alice", &account), 0);
    assert_string_equal(account.password, "Wonder \"land");
    assert_string_equal(account.groups, "staff chair");
    assert_string_equal(account.name, "Alice");
    assert_int_equal(settings_find_account(&settings, "bob", &account), 0);
    assert_string_equal(account.ha1_md5, "0123456789abcdef0123456789abcdef");
    assert_string_equal(account.password, "");
    assert_int_equal(settings_find_account(&settings, "Alice", &account), ENOENT);
}

static void what_is_wrong_with_an_account_is_told_without_its_password(void **state)
{
    static const char *const secrets[] = {"hunter2\\n", "1234567"};
    char text[200];
    (void)state;
    rejects("accounts = {\n alice = {} }", 2, "accounts.alice needs a password or an ha1");
    rejects("accounts = {\n alice = { password = 'a',\n"
            " ha1 = '0123456789abcdef0123456789abcdef' } }",
            2, "accounts.alice has both");
    rejects("accounts = {\n alice = {\n password = 5 } }", 3, "must be a string, not a number");
    rejects("accounts = {\n alice = { password = 'a',\n groups = { 'st aff' } } }", 3,
            "accounts.alice.groups.1 must be a word");
    rejects("accounts = {\n ['a b'] = { password = 'a' } }", 2, "no blanks");
    rejects("accounts = {\n alice = 'hunter2' }", 2, "must be a table");
    rejects("trusted_peers = { '10.0.0.0/8',\n '10.0.0.0/33' }", 2, "\"10.0.0.0/8\"");
    rejects("digest = { algorithms = 'SHA-1' }", 1, "must be \"SHA-256\" or \"MD5\"");
    rejects("registrar = 'yes'", 1, "must be true or false, not a string");
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        snprintf(text, sizeof text, "accounts = {\n alice = {\n %s = '%s' } }",
                 i ? "ha1" : "password", secrets[i]);
        rejects(text, 3, "must");
        assert_null(strstr(error, "hunter2"));
        assert_null(strstr(error, "1234567"));
    }
}

static void what_is_left_out_keeps_its_default(void **state)
{
    (void)state;
    accepts("");
    assert_int_equal(settings.listen.count, 2);
    assert_int_equal(settings.conference_count, 1);
    accepts("#!/usr/bin/env parley\n-- nothing but a comment");
    assert_string_equal(settings.policy, "standard");
}

static void the_printed_config_is_complete_and_means_the_defaults(void **state)
{
    char *text = NULL;
    size_t size = 0;
    const struct option *option;
    struct settings standard;
    (void)state;
    FILE *file = open_memstream(&text, &size);
    assert_int_equal(options_print_config(file), 0);
    fclose(file);
    assert_int_equal(settings_init(&standard), 0);
    accepts(text);
    for (unsigned i = 0; (option = option_at(i)); i++) {
        const char *name = strrchr(option->key, '.') ? strrchr(option->key, '.') + 1 : option->key;
        char assignment[64];
        snprintf(assignment, sizeof assignment, "%s = ", name);
        assert_non_null(strstr(text, assignment));
        assert_non_null(strstr(text, name));
        if (option_scope(option) != OPTION_OF_SERVER) {
            continue;
        }
        char *expected = option_print(option, &standard);
        char *found = option_print(option, &settings);
        assert_string_equal(found, expected);
        free(expected);
        free(found);
    }
    assert_lines_fit(text, 102);
    assert_string_equal(settings.conferences[0].title, "Demo");
    assert_int_equal(settings_finish(&settings, error, sizeof error), 0);
    settings_free(&standard);
    free(text);
}

static void a_config_may_compute(void **state)
{
    (void)state;
    accepts("local all = {}\n"
            "for _, name in ipairs { 'a', 'b' } do\n"
            "    all[name] = { title = string.upper(name), capacity = math.max(1, 2) }\n"
            "end\n"
            "conferences = all\n"
            "domain = os.getenv('NO_SUCH_VARIABLE') or ('conf' .. '.example.com')\n"
            "rtp = {}\n"
            "rtp.ports = '30000-30001'\n"
            "conferences.c = { policy = tostring(domain) }\n");
    assert_int_equal(settings.conference_count, 3);
    /* What the text shows comes after what a loop has made. */
    assert_string_equal(settings.conferences[0].name, "a");
    assert_string_equal(settings.conferences[1].title, "B");
    assert_string_equal(settings.conferences[2].policy, "conf.example.com");
    assert_int_equal(settings.rtp_port_low, 30000);
}

static void an_unknown_key_is_an_error_with_its_line(void **state)
{
    (void)state;
    rejects("domain = ''\n\nlisen = {\n    'sip:127.0.0.1',\n}\n", 3,
            "there is no option \"lisen\"; did you mean \"listen\"?");
    rejects("rtp = {\n    address = '127.0.0.1',\n    port = '1-2',\n}\n", 3,
            "rtp.port is no option; did you mean \"ports\"?");
    rejects("conferences = {\n  demo = {},\n  board = {\n    titel = 'x' }\n}", 4,
            "conferences.board.titel is no option; did you mean \"title\"?");
    rejects("x = 1\n", 1, "a variable needs \"local\"");
    rejects("rtp = {}\nrtp.helicopter = 1\n", 2, "rtp.helicopter is no option");
    rejects("_ENV['rtp.ports'] = '30000-30001'", 1, "no option");
    rejects("conferences = { [9000] = {} }", 1, "quote those of digits");
}

static void a_wrong_type_is_an_error_with_its_line(void **state)
{
    (void)state;
    rejects("\ndomain = 5", 2, "domain must be a string, not a number");
    rejects("threads = '4'\n", 1, "threads must be a whole number from 0 to 256, not a string");
    rejects("rtp = 'x'", 1, "rtp must be a table, not a string");
    rejects("rtp = {\n ports = {\n 1 } }", 2, "rtp.ports must be \"LOW-HIGH\" or { LOW, HIGH }");
    rejects("listen = {\n'sip:127.0.0.1',\n5 }", 3, "listen.2 must be a string, not a number");
    rejects("listen = { a = 'sip:127.0.0.1' }", 1, "must be a list of strings");
    rejects("max_calls = true", 1, "not a boolean");
    rejects("domain = nil", 1, "leave it out");
    rejects("conferences = {\n demo = 'open' }", 2, "conferences.demo must be a table");
    rejects("conferences = { demo = {\n options = 5 } }", 2, "must be a table of plain data");
    rejects("conferences = { demo = { options = {\n a = 1,\n f = print } } }", 3, "\"print\"");
    rejects("conferences = { demo = { options = {\n a = 1,\n f = string.sub } } }", 3,
            "conferences.demo.options.f must be plain data");
    rejects("conferences = { demo = { options = { 1, x = 2 } } }", 1, "number as a key");
    rejects("conferences = { demo = { options = { x = 0/0 } } }", 1, "plain data");
    rejects("conferences = { demo = { options = { x = '\\xff' } } }", 1, "plain data");
    rejects("local t = {}\nt.t = t\nconferences = { demo = { options = t } }", 3, "deep");
}

static void a_value_out_of_range_is_an_error_with_its_line(void **state)
{
    (void)state;
    rejects("rtp = {\n  address = '127.0.0.1',\n  ports = '80-90'\n}", 3,
            "rtp.ports must be two ports from 1024 to 65535");
    rejects("threads = 1000", 1, "threads must be a whole number from 0 to 256, not 1000");
    rejects("threads = 1.5", 1, "not 1.5");
    rejects("listen = {\n  'sip:127.0.0.1',\n  'sip:localhost'\n}", 3, "sip:localhost");
    rejects("log_level = 'loud'", 1, "log_level must be \"error\", \"warn\"");
    rejects("domain = 'a\\0b'", 1, "NUL");
    rejects("conferences = { ['a b'] = {} }", 1, "no blanks");
    rejects("conferences = { demo = {\n capacity = -1 } }", 2, "not -1");
}

static void of_several_errors_the_first_in_the_file_is_told(void **state)
{
    (void)state;
    rejects("conferences = {\n a = { capacity = -1 },\n b = { capacity = -2 },\n"
            " c = { capacity = -3 },\n}\nthreads = -1",
            2, "conferences.a.capacity");
}

static void a_duplicate_is_an_error_with_both_lines(void **state)
{
    (void)state;
    rejects("domain = 'a'\nthreads = 1\ndomain = 'b'", 3,
            "\"domain\" is set twice, first in line 1");
    rejects("rtp = { ports = '30000-30001',\n ports = '30000-30001' }", 2,
            "\"ports\" is set twice, first in line 1");
    rejects("conferences = {\n board = {},\n ['board'] = {},\n}", 3,
            "\"board\" is set twice, first in line 2");
    rejects("conferences = {}\nconferences.board = {}\nconferences['board'] = {}", 3,
            "\"board\" is set twice, first in line 2");
    rejects("conferences = { board = { title = 'a' } }\nconferences.board.title = 'b'", 2,
            "\"title\" is set twice, first in line 1");
    rejects(
        "conferences = { a = { options = { x = 1, -- [[ no comment\n --[==[ ]] ]==] x = 2 } } }", 2,
        "\"x\" is set twice, first in line 1");
    rejects("local t = {\n a = 1,\n a = 2 }", 3, "\"a\" is set twice");
    rejects("local function set(name) domain = name end\nset 'a'\nset 'b'", 1,
            "\"domain\" is set twice");
}

static void what_only_looks_like_a_duplicate_is_none(void **state)
{
    (void)state;
    accepts(
        "conferences = {\n"
        " a = { title = 'title = 1', policy = \"title = \\\" title = 2\" },\n"
        " b = { title = [[ title = 3, ]], options = { title = 4, list = { { k = 1 }, { k = 2 } } "
        "} }, -- title = 5\n"
        " c = { options = (function() local title = 1 title = 2 return { title = title } end)() "
        "},\n"
        "}\n"
        "if os.getenv('NO_SUCH_VARIABLE') then rtp = { ports = '30000-30001' }\n"
        "else rtp = { ports = '40000-40001' } end\n"
        "local t = { a = 1 }\nt.a = 2\n"
        "local u, v = 1, { a = 1 }\nu = 2 u = 3 v.a = 2\n"
        "for i = 1, 2 do t.a = i end for i = 3, 4 do t.a = i end\n");
    assert_int_equal(settings.rtp_port_low, 40000);
    assert_int_equal(settings.conference_count, 3);
}

static void an_endless_loop_ends_with_its_line(void **state)
{
    (void)state;
    rejects("\nwhile true do end", 2, "endless loop");
    rejects("local function f() return f() end\nf()", 1, "endless loop");
}

static void memory_has_a_limit(void **state)
{
    (void)state;
    rejects("local t = {}\nlocal s = 'x' while true do s = s .. s end", 0, "memory");
    rejects("local t = { 'x' } while true do t[#t + 1] = t[#t] .. 'x' end", 0, "memory");
}

static void a_config_reaches_nothing_but_its_options(void **state)
{
    static const char *const names[] = {"io",           "require", "load",   "dofile",
                                        "print",        "_G",      "debug",  "coroutine",
                                        "setmetatable", "pcall",   "rawset", "package"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        char words[64];
        snprintf(text, sizeof text, "local x = %s", names[i]);
        snprintf(words, sizeof words, "\"%s\" is not known here", names[i]);
        rejects(text, 1, words);
    }
    rejects("os.execute('true')", 1, "execute");
    rejects("local x = string.dump(tostring)", 1, "dump");
    assert_int_equal(load_bytes("\x1bLua", 4), EINVAL);
}

static void errors_of_lua_have_the_whole_path_and_the_line(void **state)
{
    (void)state;
    rejects("domain = 'a'\nthreads = = 1", 2, "near '='");
    rejects("domain = 'a\n", 1, "unfinished string");
    rejects("\n\nlocal x = nil + 1", 3, "arithmetic");
    rejects("return {}", 0, "returns something");
}

static void a_script_is_no_config(void **state)
{
    (void)state;
    assert_int_equal(load("local policy = parley.policy {}\nreturn policy"), EINVAL);
    assert_true(is_script);
    assert_non_null(strstr(error, "is a script"));
    /* A conference may have that name. */
    accepts("conferences = { parley = { title = 'parley' } }");
}

static void a_file_that_cannot_be_read_says_so(void **state)
{
    (void)state;
    assert_int_equal(
        lua_config_load("/nonexistent/parley.lua", &settings, NULL, error, sizeof error), ENOENT);
    assert_non_null(strstr(error, "/nonexistent/parley.lua: cannot be read: No such file"));
    assert_int_equal(lua_config_load("/tmp", &settings, NULL, error, sizeof error), EISDIR);
    char *large = malloc(1100000);
    memset(large, ' ', 1100000);
    assert_int_equal(load_bytes(large, 1100000), EINVAL);
    assert_non_null(strstr(error, "larger than 1 MB"));
    free(large);
}

/* The scanner reads whatever Lua accepts, and all prefixes of it must do no harm. */
static void no_piece_of_a_config_does_harm(void **state)
{
    static const char text[] = "#!x\nlocal a, b <const> = 1, { [ [[k]] ] = 1, [1] = 2, 'p'; q = 3, "
                               "f = function(x) return x end }\nconferences = { ['x\\n'] = { "
                               "options = { [==[a]]]==], 0x1p-4, .5, a.b } } } --[[ c ]] rtp = "
                               "{ports='30000-30001'}";
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        settings_free(&settings);
        assert_int_equal(settings_init(&settings), 0);
        int status = load_bytes(text, i);
        assert_true(status == 0 || status == EINVAL);
        assert_true(status == 0 || error[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SETTINGS_TEST(an_editor_may_end_lines_and_mark_the_text_in_its_own_way),
        SETTINGS_TEST(a_config_sets_options_of_every_type),
        SETTINGS_TEST(a_config_has_accounts),
        SETTINGS_TEST(what_is_wrong_with_an_account_is_told_without_its_password),
        SETTINGS_TEST(what_is_left_out_keeps_its_default),
        SETTINGS_TEST(the_printed_config_is_complete_and_means_the_defaults),
        SETTINGS_TEST(a_config_may_compute),
        SETTINGS_TEST(an_unknown_key_is_an_error_with_its_line),
        SETTINGS_TEST(a_wrong_type_is_an_error_with_its_line),
        SETTINGS_TEST(a_value_out_of_range_is_an_error_with_its_line),
        SETTINGS_TEST(of_several_errors_the_first_in_the_file_is_told),
        SETTINGS_TEST(a_duplicate_is_an_error_with_both_lines),
        SETTINGS_TEST(what_only_looks_like_a_duplicate_is_none),
        SETTINGS_TEST(an_endless_loop_ends_with_its_line),
        SETTINGS_TEST(memory_has_a_limit),
        SETTINGS_TEST(a_config_reaches_nothing_but_its_options),
        SETTINGS_TEST(errors_of_lua_have_the_whole_path_and_the_line),
        SETTINGS_TEST(a_script_is_no_config),
        SETTINGS_TEST(a_file_that_cannot_be_read_says_so),
        SETTINGS_TEST(no_piece_of_a_config_does_harm),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
