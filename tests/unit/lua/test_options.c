/* A policy's options: what it may declare, what a config may say, and what is said when it is
 * wrong; and several policies for one conference. */
#include "tests/unit/lua/script_world.h"

static void assert_answer(const char *reason)
{
    struct call *call = world_dial(script.focus, "alice", "demo");

    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
}

/* With this conference as it is to be. */
static int reload_for(const struct conference_config *config)
{
    struct lua_engine_demand demand = {.conferences = config, .conference_count = 1};

    return lua_engine_reload(script.engine, &demand, script.error, sizeof script.error);
}

#define WITH_OPTIONS                                                                               \
    "local policy = parley.policy { name = 'own', options = {\n"                                   \
    "  moderators = { type = 'list' }, pin = { type = 'string' },\n"                               \
    "  wait = { type = 'duration', default = '5m' }, most = { type = 'number', default = 3 },\n"   \
    "  open = { type = 'boolean', default = false } } }\n"                                         \
    "function policy.join(_, conference)\n"                                                        \
    "  local o = conference.options\n"                                                             \
    "  %s\n"                                                                                       \
    "end\n"                                                                                        \
    "return policy\n"

static int reserve_with(const char *options)
{
    json_t *json = options ? json_loads(options, 0, NULL) : NULL;
    struct conference_config config = {.name = "demo", .policy = "own", .options = json};
    int error = focus_reserve(script.focus, &config);

    json_decref(json);
    return error;
}

static void write_with_options(const char *body)
{
    char source[2048];

    (void)snprintf(source, sizeof source, WITH_OPTIONS, body);
    script_write("own", source);
}

static void options_have_types_and_defaults(void **state)
{
    (void)state;
    script_write("site", "return parley.policy { name = 'site' }\n");
    write_with_options("return reject(499, table.concat({ #o.moderators, tostring(o.pin), o.wait,"
                       "  o.most, tostring(o.open) }, ' '))");
    assert_int_equal(reserve_with(NULL), 0);
    assert_int_equal(script_start(), 0);
    assert_answer("0 nil 300.0 3 false");
    assert_int_equal(reserve_with("{\"moderators\": [\"alice\", \"bob\"], \"pin\": \"4711\","
                                  " \"wait\": \"250ms\", \"most\": 2.5, \"open\": true}"),
                     0);
    assert_answer("2 4711 0.25 2.5 true");
    write_with_options("local m = o.moderators\n"
                       "return reject(499, table.concat(m, ',') .. tostring(m.alice) ..\n"
                       "  tostring(m.carol) .. m[2] .. select('#', table.unpack(m)))");
    assert_int_equal(script_reload(), 0);
    assert_answer("alice,bobtruenilbob2");
    assert_int_equal(reserve_with("{\"moderators\": \"alice\"}"), 0);
    write_with_options("local n = 0 for i, name in pairs(o.moderators) do n = n + i end\n"
                       "return reject(499, n .. o.moderators[1])");
    assert_int_equal(script_reload(), 0);
    assert_answer("1alice");
}

static void options_cannot_be_changed_or_misspelt(void **state)
{
    struct call *call;

    (void)state;
    script_write("site", "return parley.policy { name = 'site' }\n");
    assert_int_equal(reserve_with("{\"moderators\": [\"alice\"]}"), 0);
    write_with_options("local function try(f) return (select(2, pcall(f)):gsub('^.-: ', '')) end\n"
                       "parley.log.error(try(function() o.pin = 1 end))\n"
                       "parley.log.error(try(function() o.moderators.bob = true end))\n"
                       "parley.log.error(try(function() table.insert(o.moderators, 'x') end))\n"
                       "parley.log.error(try(function() return o.moderator end))\n");
    assert_int_equal(script_start(), 0);
    log_catch();
    call = world_dial(script.focus, "alice", "demo");
    (void)log_caught();
    assert_contains(script.log, "cannot set 'pin': conference.options is read-only");
    assert_contains(script.log, "cannot set 'bob': a list in conference.options is read-only");
    assert_contains(script.log, "the table is read-only");
    assert_contains(script.log, "option 'moderator' is not declared (did you mean 'moderators'?)");
    world_hang_up(script.focus, call);
}

/* A config whose options do not suit the policies is refused as a whole. */
static void options_that_do_not_suit_stop_a_reload(void **state)
{
    static const struct {
        const char *options, *error;
    } cases[] = {
        {"{\"pin\": 4711}", "conference demo: option 'pin' must be a text"},
        {"{\"wait\": true}", "conference demo: option 'wait' must be a duration such as \"5m\""},
        {"{\"wait\": \"1.2.3s\"}", "option 'wait' must be a duration"},
        {"{\"moderators\": {\"a\": 1}}", "option 'moderators' must be a list of texts"},
        {"{\"pinn\": \"1\"}",
         "conference demo: policy/own.lua declares no option 'pinn' (did you mean 'pin'?)"},
    };
    struct conference_config config = {.name = "demo", .policy = "own"};
    json_t *json;

    (void)state;
    script_write("site", "return parley.policy { name = 'site' }\n");
    write_with_options("");
    assert_int_equal(script_start(), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        json = json_loads(cases[i].options, 0, NULL);
        config.options = json;
        assert_int_equal(reload_for(&config), EINVAL);
        assert_contains(script.error, cases[i].error);
        assert_int_equal(reserve_with(cases[i].options), 0);
        assert_int_equal(script_reload(), EINVAL);
        assert_contains(script.error, cases[i].error);
        /* What is to be counts, not what is. */
        config.options = NULL;
        assert_int_equal(reload_for(&config), 0);
        json_decref(json);
    }
}

/* Options of every type with all that can be said of them. */
#define WITH_LIMITS                                                                                \
    "local policy = parley.policy { name = 'own', options = {\n"                                   \
    "  mode = { type = 'choice', choices = { 'open', 'locked' }, default = 'open' },\n"            \
    "  most = { type = 'integer', min = 1, max = 9, default = 3, doc = 'How many' },\n"            \
    "  gain = { type = 'number', min = -60, max = 12, default = 0 },\n"                            \
    "  wait = { type = 'duration', min = '10s', max = '1h', default = '5m' },\n"                   \
    "  pin = { type = 'string', min = 4, max = 8, secret = true },\n"                              \
    "  hosts = { type = 'list', min = 1, default = 'alice' },\n"                                   \
    "  opens = { type = 'time', default = '08:30' },\n"                                            \
    "  place = { type = 'zone', default = 'UTC' },\n"                                              \
    "  days = { type = 'list', choices = { 'mon', 'tue' } } } }\n"                                 \
    "function policy.join(_, conference)\n"                                                        \
    "  local o = conference.options\n"                                                             \
    "  return reject(499, table.concat({ o.mode, o.most, o.gain, o.wait, tostring(o.pin),\n"       \
    "    o.hosts[1], o.opens, #o.days }, ' '))\n"                                                  \
    "end\n"                                                                                        \
    "return policy\n"

static void options_have_limits_and_choices(void **state)
{
    static const struct {
        const char *options, *error;
    } cases[] = {
        {"{\"mode\": \"lokced\"}",
         "option 'mode' must be one of \"open\", \"locked\", not \"lokced\" (did you mean "
         "'locked'?)"},
        {"{\"mode\": true}", "option 'mode' must be one of \"open\", \"locked\", not this boolean"},
        {"{\"most\": 10}", "option 'most' must be a whole number, at least 1, at most 9, not 10"},
        {"{\"most\": 2.5}", "at most 9, not 2.5"},
        {"{\"gain\": 13}", "option 'gain' must be a number, at least -60, at most 12, not 13"},
        {"{\"wait\": \"2h\"}",
         "option 'wait' must be a duration such as \"5m\" or a number of seconds, at least 10.0 s, "
         "at most 3600.0 s, not \"2h\""},
        {"{\"hosts\": []}", "option 'hosts' must be a list of texts, at least 1 entries"},
        {"{\"pin\": \"123\"}",
         "option 'pin' must be a text, at least 4 bytes, at most 8 bytes, not this string"},
        {"{\"opens\": \"8.30\"}", "'opens' must be a time of day such as \"08:30\", not \"8.30\""},
        {"{\"opens\": \"24:01\"}", "must be a time of day"},
        {"{\"opens\": \"08:30x\"}", "must be a time of day"},
        {"{\"place\": \"Europe/Nowhere\"}",
         "option 'place' must be a time zone such as \"Europe/Berlin\", not \"Europe/Nowhere\""},
        {"{\"place\": \"../../etc/passwd\"}", "must be a time zone"},
        {"{\"days\": [\"mon\", \"wed\"]}",
         "'days' must be a list of texts of \"mon\", \"tue\", not this table"},
        {"{\"pin\": 471147}", "at most 8 bytes, not this number"},
    };
    struct conference_config config = {.name = "demo", .policy = "own"};

    (void)state;
    script_write("site", "return parley.policy { name = 'site' }\n");
    script_write("own", WITH_LIMITS);
    assert_int_equal(script_start(), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *json = json_loads(cases[i].options, 0, NULL);

        config.options = json;
        assert_int_equal(reload_for(&config), EINVAL);
        assert_contains(script.error, cases[i].error);
        json_decref(json);
    }
    assert_int_equal(
        reserve_with("{\"mode\": \"locked\", \"most\": 9, \"gain\": -2.5, \"wait\": "
                     "\"1h\", \"pin\": \"12345678\", \"hosts\": [\"bob\"], \"opens\": \"24:00\", "
                     "\"days\": [\"tue\"]}"),
        0);
    assert_answer("locked 9 -2.5 3600.0 12345678 bob 86400 1");
    assert_int_equal(reserve_with(NULL), 0);
    assert_answer("open 3 0 300.0 nil alice 30600 0");
}

static void declarations_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *declaration, *error;
    } cases[] = {
        {"{}", "policy/site.lua:1: option 'a': type must be one of boolean, choice, duration, "
               "integer, list, number, policy, string, time, zone"},
        {"5", "option 'a' must be declared as { type = \"string\", default = … }"},
        {"{ type = 'interger' }", "number, policy, string, time, zone (did you mean 'integer'?)"},
        {"{ type = 'list', defualt = 1 }",
         "option 'a': unknown key 'defualt' (did you mean 'default'?)"},
        {"{ type = 'duration', default = '5 apples' }",
         "option 'a': the default must be a duration such as \"5m\" or a number of seconds, not "
         "\"5 apples\""},
        {"{ type = 'list', default = { 1 } }",
         "option 'a': the default must be a list of texts, not this table"},
        {"{ type = 'integer', min = 5, default = 3 }",
         "option 'a': the default must be a whole number, at least 5, not 3"},
        {"{ type = 'boolean', min = 1 }", "option 'a': min means nothing to a boolean"},
        {"{ type = 'duration', min = '2m', max = 90 }", "option 'a': min is more than max"},
        {"{ type = 'number', max = '1' }", "option 'a': max must be a number, not this string"},
        {"{ type = 'choice' }", "option 'a': choices must be a list of 1 to 32 texts"},
        {"{ type = 'choice', choices = { 'a', 1 } }", "choices must be a list of 1 to 32 texts"},
        {"{ type = 'string', choices = { 'a' } }",
         "option 'a': choices are for the types choice and list"},
        {"{ type = 'string', secret = 1 }", "option 'a': secret must be true or false"},
        {"{ type = 'string', doc = 1 }", "option 'a': doc must be a text, not this number"},
    };
    char source[300];

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(source, sizeof source,
                       "return parley.policy { name = 'x',\noptions = { a = %s } }",
                       cases[i].declaration);
        assert_contains(script_load_error(source), cases[i].error);
    }
}

static void what_is_wrong_with_an_option_has_the_configs_line(void **state)
{
    json_t *options = json_pack("{s:s, s:s}", "mode", "open", "pinn", "4711");
    json_t *places = json_pack("{s:s, s:s, s:s}", "", "parley.lua:3", "mode", "parley.lua:4",
                               "pinn", "parley.lua:5");
    struct conference_config config = {
        .name = "demo", .policy = "own", .options = options, .places = places};

    (void)state;
    script_write("site", "return parley.policy { name = 'site' }\n");
    script_write("own", WITH_LIMITS);
    assert_int_equal(script_start(), 0);
    assert_int_equal(reload_for(&config), EINVAL);
    assert_string_equal(script.error, "parley.lua:5: conference demo: policy/own.lua declares no "
                                      "option 'pinn' (did you mean 'pin'?)");
    (void)json_object_del(options, "pinn");
    (void)json_object_set_new(options, "mode", json_integer(1));
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_int_equal(script_reload(), EINVAL);
    assert_contains(script.error, "parley.lua:4: conference demo: option 'mode' must be one of");
    config.policy = "other";
    assert_int_equal(reload_for(&config), EINVAL);
    assert_contains(script.error, "parley.lua:3: conference demo: policy 'other': no such file");
    json_decref(options);
    json_decref(places);
}

/* ---- several policies ----------------------------------------------------------------------- */

static void write_deciding(const char *name, const char *user)
{
    char source[400];

    (void)snprintf(source, sizeof source,
                   "local policy = parley.policy { name = '%s', options = {\n"
                   "  who = { type = 'string', default = '%s' } } }\n"
                   "function policy.join(request, conference)\n"
                   "  if request.actor.user == conference.options.who then\n"
                   "    return reject(499, '%s')\n"
                   "  end\n"
                   "end\n"
                   "function policy.locked() print('%s is told') end\n"
                   "return policy\n",
                   name, user, name, name);
    script_write(name, source);
}

static void assert_decided(const char *user, const char *by)
{
    struct call *call = world_dial(script.focus, user, "demo");

    assert_string_equal(call->reason, by);
    world_hang_up(script.focus, call);
}

static void policies_are_asked_in_their_order_and_the_first_verdict_counts(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "other,own,site,other"};
    struct request request = {.verb = VERB_LOCK,
                              .actor = {.kind = ACTOR_SERVER},
                              .params.locked = true,
                              .conference_name = "demo"};
    struct decision decision;
    const char *log;

    (void)state;
    write_deciding("site", "alice");
    write_deciding("other", "bob");
    write_deciding("own", "carol");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_int_equal(script_start(), 0);
    assert_decided("alice", "site");
    assert_decided("bob", "other");
    assert_decided("carol", "own");
    assert_decided("dave", "");
    config.options = json_pack("{s:s}", "who", "erin"); /* of all of them */
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    assert_decided("erin", "site");
    json_decref((json_t *)config.options);
    config.options = NULL;
    assert_int_equal(focus_reserve(script.focus, &config), 0);

    request.conference = focus_conference_by_name(script.focus, "demo");
    log_set_level(LOG_LEVEL_INFO);
    log_catch();
    assert_int_equal(focus_submit(script.focus, &request, &decision), 0);
    script_turn();
    log = log_caught();
    log_set_level(LOG_LEVEL_ERROR);
    assert_contains(log, "site is told");
    assert_true(strstr(log, "other is told") > strstr(log, "site is told"));
    assert_true(strstr(log, "own is told") > strstr(log, "other is told"));
    log = strstr(log, "other is told");
    assert_null(strstr(log + 1, "other is told")); /* each is told once */
}

static void a_broken_policy_of_a_stack_fails_closed_when_it_is_its_turn(void **state)
{
    struct conference_config config = {.name = "demo", .policy = "other,late,own"};

    (void)state;
    write_deciding("site", "alice");
    write_deciding("other", "bob");
    write_deciding("own", "carol");
    assert_int_equal(script_start(), 0);
    assert_int_equal(reload_for(&config), EINVAL);
    assert_contains(script.error, "conference demo: policy 'late': no such file");
    assert_int_equal(focus_reserve(script.focus, &config), 0);
    log_catch();
    assert_decided("bob", "other");
    assert_decided("carol", "Policy error");
    assert_contains(log_caught(), "policy 'late': no such file");
}

static void a_script_names_several_policies(void **state)
{
    struct call *call;

    (void)state;
    write_deciding("other", "bob");
    write_deciding("own", "carol");
    script_hook("create", "request",
                "if request.conference_name == 'bad' then return accept { policy = { 1 } } end\n"
                "return accept { policy = { 'other', 'own' } }");
    call = world_dial(script.focus, "carol", "lunch");
    assert_string_equal(call->reason, "own");
    world_hang_up(script.focus, call);
    log_catch();
    call = world_dial(script.focus, "carol", "bad");
    assert_string_equal(call->reason, "Policy error");
    assert_contains(log_caught(), "policy/site.lua:2: accept: policy must be a text, not a number");
    world_hang_up(script.focus, call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(options_have_types_and_defaults),
        SCRIPT_TEST(options_cannot_be_changed_or_misspelt),
        SCRIPT_TEST(options_that_do_not_suit_stop_a_reload),
        SCRIPT_TEST(options_have_limits_and_choices),
        SCRIPT_TEST(declarations_that_make_no_sense_are_refused),
        SCRIPT_TEST(what_is_wrong_with_an_option_has_the_configs_line),
        SCRIPT_TEST(policies_are_asked_in_their_order_and_the_first_verdict_counts),
        SCRIPT_TEST(a_broken_policy_of_a_stack_fails_closed_when_it_is_its_turn),
        SCRIPT_TEST(a_script_names_several_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
