/* Which generation decides about which conference, and what becomes of conference.state when one
 * goes from one to another. */
#include "tests/unit/lua/script_world.h"

#include "lua/budget.h"

#include <errno.h>
#include <malloc.h>

/* Version `version` of a policy that refuses each caller, by a count in its own form. */
#define COUNTING                                                                                   \
    "local policy = parley.policy { name = 'site' }\n"                                             \
    "function policy.join(request, conference)\n"                                                  \
    "  local s = conference.state\n"                                                               \
    "  s.n = (s.n or 0) + 1\n"                                                                     \
    "  return reject(499, 'one ' .. s.n)\n"                                                        \
    "end\n"                                                                                        \
    "return policy\n"

#define COUNTING_OTHERWISE(migrate)                                                                \
    "local policy = parley.policy { name = 'site', version = 2 }\n"                                \
    "function policy.join(request, conference)\n"                                                  \
    "  local s = conference.state\n"                                                               \
    "  s.counts = s.counts or { 0 }\n"                                                             \
    "  s.counts[1] = s.counts[1] + 1\n"                                                            \
    "  return reject(499, 'two ' .. s.counts[1] .. tostring(s.n))\n"                               \
    "end\n"                                                                                        \
    "function policy.migrate(state, version)\n" migrate "end\n"                                    \
    "return policy\n"

#define MAKE_COUNTS "  return { counts = { state.n }, was = version }\n"

static struct conference *conference(const char *name)
{
    return focus_conference_by_name(script.focus, name);
}

static void assert_answers(const char *name, const char *reason)
{
    struct call *call = world_dial(script.focus, "alice", name);

    assert_string_equal(call->reason, reason);
    world_hang_up(script.focus, call);
    script_turn();
}

static void reserve(const char *name)
{
    assert_int_equal(focus_reserve(script.focus, &(struct conference_config){.name = name}), 0);
}

static int go(int (*move)(struct lua_engine *engine, struct conference *conference, char *error,
                          size_t error_size),
              const char *name)
{
    return move(script.engine, conference(name), script.error, sizeof script.error);
}

static int send_ahead(struct lua_engine *engine, struct conference *conference, char *error,
                      size_t error_size)
{
    struct lua_engine_demand demand = {.only = conference};

    return lua_engine_reload(engine, &demand, error, error_size);
}

static unsigned generation_of(const char *name)
{
    return lua_engine_generation_of(script.engine, conference(name));
}

static unsigned generations(void)
{
    json_t *status = lua_engine_status(script.engine);
    unsigned count = (unsigned)json_array_size(json_object_get(status, "generations"));

    json_decref(status);
    return count;
}

static void a_new_version_makes_its_state_of_the_old_one(void **state)
{
    (void)state;
    script_site(COUNTING);
    assert_answers("demo", "one 1");
    assert_answers("demo", "one 2");
    script_site(COUNTING_OTHERWISE(MAKE_COUNTS));
    assert_answers("demo", "two 3nil");
    /* The same version again: nothing is to be made of anything. */
    script_site(COUNTING_OTHERWISE("  error 'not again'\n"));
    assert_answers("demo", "two 4nil");
    assert_int_equal(generations(), 1);
}

static void migrate_may_change_what_it_is_given(void **state)
{
    (void)state;
    script_site(COUNTING);
    assert_answers("demo", "one 1");
    script_site(COUNTING_OTHERWISE("  state.counts, state.n = { state.n + version }, nil\n"));
    assert_answers("demo", "two 3nil");
}

/* One conference's state is in the way: nothing has changed, not that of the others either. */
static void a_migrate_that_fails_keeps_the_old_generation_and_all_states(void **state)
{
    static const struct {
        const char *migrate, *error;
    } cases[] = {
        {"  if state.n > 1 then error 'too many' end\n  return { counts = { 7 } }\n",
         "policy/site.lua:9: too many - migrating conference.state of tea from version 1"},
        {"  return 5\n", "policy/site.lua:8: migrate must return the table that conference.state "
                         "is to be"},
        {"  return { f = print }\n", "policy/site.lua:8: conference.state.f: a function cannot be "
                                     "kept"},
        {"  while true do end\n", "stopped after"},
        {"  parley.set_fact('a', 1)\n",
         "policy/site.lua:9: parley.set_fact is not possible in the hook migrate"},
        {"  for c in parley.conferences() do c.state.n = 0 end\n",
         "policy/site.lua:9: parley.conferences is not possible in the hook migrate"},
    };

    (void)state;
    reserve("tea");
    script_site(COUNTING);
    assert_answers("demo", "one 1");
    assert_answers("tea", "one 1");
    assert_answers("tea", "one 2");
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char source[1024];

        (void)snprintf(source, sizeof source, COUNTING_OTHERWISE("%s"), cases[i].migrate);
        assert_contains(script_load_error(source), cases[i].error);
        assert_int_equal(generations(), 1);
    }
    assert_int_equal(lua_engine_generation(script.engine), 1);
    assert_answers("demo", "one 2");
    assert_answers("tea", "one 3");
}

/* Each within its own budget; but nobody is answered until the last one is through. */
static void the_migrates_of_all_conferences_together_have_an_end(void **state)
{
    char name[16];

    (void)state;
    if (SLOWNESS > 1)
        skip(); /* they may take ten times as long there, but Lua itself is as quick as ever */
    script_site(COUNTING);
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "room-%u", i);
        reserve(name);
        assert_answers(name, "one 1");
    }
    assert_contains(
        script_load_error(COUNTING_OTHERWISE("  for i = 1, 900000 do end\n" MAKE_COUNTS)),
        " conferences, and may take 1000 ms for all of a reload together");
    assert_contains(script.error, "policy/site.lua:8: migrate has taken 1");
    assert_int_equal(lua_engine_generation(script.engine), 1);
    assert_answers("room-0", "one 2");
    assert_answers("room-999", "one 2");
}

static void a_version_and_migrate_belong_together(void **state)
{
    (void)state;
    assert_contains(script_load_error("return parley.policy { name = 'site', version = 2 }"),
                    "policy/site.lua: version 2 needs `function policy.migrate(state, version)");
    assert_contains(script_load_error("local policy = parley.policy { name = 'site' }\n"
                                      "function policy.migrate(state) end\nreturn policy"),
                    "policy/site.lua:2: migrate is called when the version of a policy changes: "
                    "say version = 2");
    assert_contains(script_load_error("return parley.policy { name = 'site', version = 0 }"),
                    "policy/site.lua:1: parley.policy: version must be a whole number from 1");
}

static void one_conference_goes_ahead_and_comes_back_as_it_was(void **state)
{
    (void)state;
    reserve("tea");
    script_site(COUNTING);
    assert_answers("demo", "one 1");
    assert_answers("tea", "one 1");
    script_write("site", COUNTING_OTHERWISE(MAKE_COUNTS));
    assert_int_equal(go(lua_engine_call_back, "tea"), EINVAL);
    assert_contains(script.error, "tea was not reloaded by itself");
    assert_int_equal(go(send_ahead, "tea"), 0);
    assert_answers("demo", "one 2");
    assert_answers("tea", "two 2nil");
    assert_answers("tea", "two 3nil");
    assert_int_equal(generation_of("demo"), 1);
    assert_int_equal(generation_of("tea"), 2);
    assert_int_equal(go(lua_engine_call_back, "tea"), 0);
    assert_answers("tea", "one 2");
    assert_int_equal(generations(), 1);
    /* And once more, until all are reloaded. */
    assert_int_equal(go(send_ahead, "tea"), 0);
    assert_answers("tea", "two 3nil");
    assert_int_equal(script_reload(), 0);
    assert_int_equal(generation_of("demo"), generation_of("tea"));
    assert_answers("demo", "two 3nil");
    assert_answers("tea", "two 4nil");
    assert_int_equal(generations(), 1);
}

static void one_that_cannot_go_ahead_stays(void **state)
{
    (void)state;
    script_site(COUNTING);
    assert_answers("demo", "one 1");
    script_write("site", "local x = = 1");
    assert_int_equal(go(send_ahead, "demo"), EINVAL);
    assert_contains(script.error, "policy/site.lua:1: unexpected symbol");
    script_write("site", COUNTING_OTHERWISE("  error 'no'\n"));
    assert_int_equal(go(send_ahead, "demo"), EINVAL);
    assert_contains(script.error, "policy/site.lua:9: no - migrating conference.state of demo");
    assert_answers("demo", "one 2");
    assert_int_equal(generations(), 1);
}

static void a_pinned_conference_stays_through_reloads(void **state)
{
    (void)state;
    reserve("tea");
    script_site(COUNTING);
    assert_answers("tea", "one 1");
    assert_int_equal(go(lua_engine_unpin, "tea"), EINVAL);
    assert_contains(script.error, "tea is not pinned");
    assert_int_equal(go(lua_engine_pin, "tea"), 0);
    script_site(COUNTING_OTHERWISE(MAKE_COUNTS));
    assert_int_equal(script_reload(), 0);
    assert_answers("tea", "one 2");
    assert_answers("demo", "two 1nil");
    assert_int_equal(generations(), 2);
    assert_int_equal(go(lua_engine_unpin, "tea"), 0);
    assert_answers("tea", "two 3nil");
    assert_int_equal(generations(), 1);
}

/* Its pin goes with it. */
static void a_pinned_conference_that_is_gone_holds_nothing(void **state)
{
    (void)state;
    reserve("tea");
    script_site(COUNTING);
    assert_int_equal(go(lua_engine_pin, "tea"), 0);
    assert_int_equal(script_reload(), 0);
    assert_int_equal(generations(), 2);
    focus_unreserve(script.focus, "tea");
    script_turn();
    assert_null(conference("tea"));
    assert_int_equal(generations(), 1);
}

static void what_stays_behind_must_suit_a_changed_conference(void **state)
{
    json_t *options = json_pack("{s:s}", "colour", "red");
    struct conference_config config = {.name = "demo", .options = options};
    struct lua_engine_demand demand = {.conferences = &config, .conference_count = 1};

    (void)state;
    script_site(COUNTING);
    assert_int_equal(go(lua_engine_pin, "demo"), 0);
    script_write("site", "return parley.policy { name = 'site', options = { colour = { type = "
                         "'string' } } }");
    assert_int_equal(lua_engine_reload(script.engine, &demand, script.error, sizeof script.error),
                     EINVAL);
    assert_contains(script.error, "colour");
    assert_int_equal(go(lua_engine_unpin, "demo"), 0);
    assert_int_equal(lua_engine_reload(script.engine, &demand, script.error, sizeof script.error),
                     0);
    json_decref(options);
}

static void there_is_an_end_to_generations(void **state)
{
    char name[16];
    unsigned i;

    (void)state;
    script_site(COUNTING);
    for (i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "room-%u", i);
        reserve(name);
        assert_int_equal(go(lua_engine_pin, name), 0);
        if (script_reload())
            break;
    }
    assert_int_equal(i, 15);
    assert_contains(script.error, "16 generations of the scripts are in use, and there can be no "
                                  "more; the oldest, 1, by");
    assert_int_equal(go(lua_engine_unpin, "room-0"), 0);
    assert_int_equal(script_reload(), 0);
}

/* ---- probation ------------------------------------------------------------------------------ */

static void start_with_probation(const char *source, unsigned lasts)
{
    struct probation_config config = {.errors = 3, .within = 60000, .lasts = lasts};

    script_site(source);
    lua_engine_set_probation(script.engine, &config);
}

/* A call of one who has proven who it is, and has hung up. */
static void call_as(const char *user, const char *name)
{
    struct call *call = phone_make(
        &world, &(struct simulated_caller){
                    .user = user, .to = name, .to_host = "127.0.0.1", .proof = PROOF_PASSWORD});

    assert_non_null(call);
    focus_signalling_events()->on_incoming(call, script.focus);
    world_hang_up(script.focus, call);
}

/* Calls of as many callers that fail by an error of the script; what was logged meanwhile. */
static const char *fail_times(const char *name, unsigned count)
{
    char user[16];

    log_catch();
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(user, sizeof user, "caller-%u", i);
        call_as(user, name);
    }
    script_turn();
    return log_caught();
}

static json_t *returned(void)
{
    json_t *status = lua_engine_status(script.engine);
    json_t *what = json_incref(json_object_get(status, "returned"));

    json_decref(status);
    return what;
}

#define FAILING                                                                                    \
    "local policy = parley.policy { name = 'site' }\n"                                             \
    "function policy.join(request, conference)\n"                                                  \
    "  conference.state.n = conference.state.n + 10\n"                                             \
    "  if conference.state.n > 20 then error 'too many' end\n"                                     \
    "end\n"                                                                                        \
    "return policy\n"

static void too_many_errors_after_a_reload_bring_the_old_scripts_back(void **state)
{
    const char *log;
    json_t *told;

    (void)state;
    start_with_probation(COUNTING, 60000);
    assert_answers("demo", "one 1");
    script_site(FAILING);
    assert_int_equal(generations(), 2);
    assert_null(returned());
    (void)fail_times("demo", 1); /* comes in, by 11 */
    assert_int_equal(lua_engine_generation(script.engine), 2);
    log = fail_times("demo", 3);
    assert_contains(log, "script generation 2 has failed 3 times, 3 of them at policy/site.lua:4: "
                         "generation 1 decides again");
    assert_int_equal(lua_engine_generation(script.engine), 1);
    assert_int_equal(generations(), 1);
    /* What the bad one has written well is there. */
    assert_answers("demo", "one 12");
    told = returned();
    assert_string_equal(json_string_value(json_object_get(told, "worst")), "policy/site.lua:4");
    json_decref(told);
    /* It is not there to fail again, and the next one is a new one. */
    script_site(COUNTING);
    assert_int_equal(lua_engine_generation(script.engine), 3);
    assert_null(returned());
}

static void a_state_that_was_migrated_is_as_it_was_when_the_old_scripts_come_back(void **state)
{
    (void)state;
    reserve("tea");
    start_with_probation(COUNTING, 60000);
    assert_answers("demo", "one 1");
    assert_answers("demo", "one 2");
    script_site("local policy = parley.policy { name = 'site', version = 2 }\n"
                "function policy.migrate(state) return { counts = { state.n } } end\n"
                "function policy.join(request, conference)\n"
                "  if conference.name == 'tea' then conference.state.counts = { 9 } return end\n"
                "  error 'never'\n"
                "end\n"
                "return policy\n");
    (void)fail_times("tea", 1);
    assert_contains(fail_times("demo", 3), "generation 1 decides again");
    assert_answers("demo", "one 3");
    assert_answers("tea", "one 1"); /* of what the old scripts cannot read, nothing is left */
}

/* Whose state is in the form of scripts that have gone ahead gets the one of those on probation,
 * and then that of those before them, without any of these migrating it again. */
static void who_goes_ahead_and_back_during_probation_has_each_form_of_its_state(void **state)
{
    (void)state;
    reserve("tea");
    start_with_probation(COUNTING, 60000);
    assert_answers("tea", "one 1");
    assert_answers("demo", "one 1");
    script_site(COUNTING_OTHERWISE("  if version ~= 1 then error 'not again' end\n" MAKE_COUNTS));
    assert_answers("tea", "two 2nil");
    script_write("site", "local policy = parley.policy { name = 'site', version = 3 }\n"
                         "function policy.migrate(state, version)\n"
                         "  return { all = state.counts[1] * 100 + version }\n"
                         "end\n"
                         "function policy.join(request, conference)\n"
                         "  if request.actor.user ~= 'alice' then error 'no' end\n"
                         "  conference.state.all = conference.state.all + 10\n"
                         "  return reject(499, 'three ' .. conference.state.all)\n"
                         "end\n"
                         "return policy\n");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(go(send_ahead, "tea"), 0);
        assert_answers("tea", i ? "three 312" : "three 212");
        assert_answers("tea", i ? "three 322" : "three 222");
        assert_int_equal(go(lua_engine_call_back, "tea"), 0);
        assert_answers("tea", i ? "two 4nil" : "two 3nil");
    }
    assert_answers("demo", "two 2nil");
    assert_int_equal(script_reload(), 0);
    assert_answers("tea", "three 412");
    assert_contains(fail_times("demo", 3), "decides again");
    assert_answers("tea", "two 5nil");
    assert_answers("demo", "two 3nil");
}

/* Neither the reload nor the return is about it. */
static void a_pinned_conference_has_nothing_to_do_with_probation(void **state)
{
    (void)state;
    reserve("tea");
    start_with_probation(COUNTING, 60000);
    assert_answers("tea", "one 1");
    assert_answers("demo", "one 1");
    assert_int_equal(go(lua_engine_pin, "tea"), 0);
    script_site("local policy = parley.policy { name = 'site', version = 2 }\n"
                "function policy.migrate(state) return { counts = { state.n } } end\n"
                "function policy.join() error 'never' end\n"
                "return policy\n");
    assert_answers("tea", "one 2");
    assert_contains(fail_times("demo", 3), "generation 1 decides again");
    assert_answers("tea", "one 3");
    assert_answers("demo", "one 2");
    assert_int_equal(generation_of("tea"), 1);
    assert_int_equal(generations(), 1);
}

#define NO_KEYS                                                                                    \
    "local policy = parley.policy { name = 'site' }\n"                                             \
    "function policy.join(request)\n"                                                              \
    "  if request.actor.user ~= 'good' then error 'bad' end\n"                                     \
    "end\n"                                                                                        \
    "function policy.account(user) error 'no accounts' end\n"                                      \
    "return policy\n"

/* Whoever knows how to make a script fail does not undo the operator's reload with that, neither by
 * his name nor, when he has proven none, by many names from where he is. */
static void one_caller_alone_takes_no_scripts_back(void **state)
{
    struct account account;
    const char *log;

    (void)state;
    start_with_probation("return parley.policy { name = 'site' }", 60000);
    script_site(NO_KEYS);
    log_set_level(LOG_LEVEL_WARN);
    log_catch();
    for (unsigned i = 0; i < 100; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "name-%u", i);
        call_as("mallory", "demo");
        world_hang_up(script.focus, world_dial(script.focus, name, "demo"));
        (void)lua_engine_account(script.engine, name, "parley", "127.0.0.1:5062;tcp", &account);
    }
    script_turn();
    log = log_caught();
    assert_contains(log, "script generation 2: errors that sip:mallory@example.com brings about "
                         "count no more: within that time, 1 of one caller or conference do");
    assert_int_equal(lua_engine_generation(script.engine), 2);
    (void)lua_engine_account(script.engine, "bob", "parley", "[2001:db8::1]:5060;udp", &account);
    (void)lua_engine_account(script.engine, "bob", "parley", "[2001:db8::9]:5060;udp", &account);
    script_turn();
    assert_int_equal(lua_engine_generation(script.engine), 1);
}

/* A conference that goes wrong by itself counts, too, as one. */
static void conferences_that_fail_by_themselves_take_scripts_back(void **state)
{
    static const char *const names[] = {"tea", "coffee", "milk"};
    struct call *calls[3];

    (void)state;
    start_with_probation("return parley.policy { name = 'site' }", 60000);
    for (unsigned i = 0; i < 3; i++) {
        reserve(names[i]);
        calls[i] = world_join(script.focus, "alice", names[i]);
    }
    script_write("site", "local policy = parley.policy { name = 'site' }\n"
                         "function policy.reloaded() error 'never' end\n"
                         "return policy\n");
    log_catch();
    assert_int_equal(script_reload(), 0);
    focus_reloaded(script.focus);
    script_turn();
    assert_contains(log_caught(), "3 of them at policy/site.lua:2: generation 1 decides again");
    for (unsigned i = 0; i < 3; i++)
        world_hang_up(script.focus, calls[i]);
}

/* Errors that were there before, and those that come late, are none of its own. */
static void scripts_that_have_proven_themselves_stay(void **state)
{
    (void)state;
    start_with_probation(COUNTING, 1);
    script_site(FAILING);
    for (unsigned i = 0; i < 200 && generations() > 1; i++) {
        (void)usleep(1000);
        script_turn();
    }
    assert_int_equal(generations(), 1);
    (void)fail_times("demo", 5);
    assert_int_equal(lua_engine_generation(script.engine), 2);
}

/* A reload in haste does not put a generation in reserve that has failed itself. */
static void what_has_failed_is_not_what_comes_back(void **state)
{
    (void)state;
    start_with_probation(COUNTING, 60000);
    assert_answers("demo", "one 1");
    script_site(FAILING);
    (void)fail_times("demo", 2);
    script_site(FAILING);
    assert_int_equal(generations(), 2);
    assert_contains(fail_times("demo", 3), "script generation 3 has failed 3 times, 3 of them at "
                                           "policy/site.lua:4: generation 1 decides again");
}

static void a_conference_that_fails_ahead_is_called_back(void **state)
{
    (void)state;
    reserve("tea");
    start_with_probation(COUNTING, 60000);
    script_write("site", FAILING);
    assert_int_equal(go(send_ahead, "tea"), 0);
    assert_contains(fail_times("tea", 3), "script generation 2 has failed 3 times, 3 of them at "
                                          "policy/site.lua:3: generation 1 decides again about "
                                          "tea");
    assert_answers("tea", "one 1");
    assert_int_equal(generations(), 1);
}

/* ---- a shadow ------------------------------------------------------------------------------- */

static json_int_t shadow_figure(const char *name)
{
    json_t *status = lua_engine_status(script.engine);
    json_int_t figure =
        json_integer_value(json_object_get(json_object_get(status, "shadow"), name));

    json_decref(status);
    return figure;
}

static int shadow_by(const char *source)
{
    char path[128];
    struct shadow_config shadow = {.file = path, .stands_for = "site"};

    script_write("other", source);
    script_path("other", path, sizeof path);
    return lua_engine_shadow(script.engine, &shadow, script.error, sizeof script.error);
}

/* The conference goes on as if it were not there, and no error of its counts for anything. */
static void a_shadow_that_fails_in_each_hook_harms_nobody(void **state)
{
    struct call *call;
    const char *log;

    (void)state;
    start_with_probation("return parley.policy { name = 'site' }", 60000);
    script_site("local policy = parley.policy { name = 'site' }\n"
                "function policy.joined(_, c) c.state.n = (c.state.n or 0) + 1 end\n"
                "return policy\n");
    assert_int_equal(shadow_by("local policy = parley.policy { name = 'site', version = 2 }\n"
                               "for _, hook in ipairs { 'join', 'created', 'joined', 'left',\n"
                               "    'ended', 'mix' } do\n"
                               "  policy[hook] = function() while true do end end\n"
                               "end\n"
                               "function policy.migrate() error 'cannot' end\n"
                               "return policy\n"),
                     0);
    log_set_level(LOG_LEVEL_WARN);
    log_catch();
    for (unsigned i = 0; i < 20; i++) {
        call = world_join(script.focus, "alice", "demo");
        assert_int_equal(call->reject_code, 0);
        world_hang_up(script.focus, call);
        script_turn();
    }
    log = log_caught();
    assert_contains(log, "shadow: ");
    assert_contains(log, "error 1 of the candidate, which harms nobody");
    assert_null(strstr(log, "safe default"));
    assert_in_range(shadow_figure("errors"), 1, 200);
    assert_int_equal(shadow_figure("differences"), 0);
    assert_int_equal(lua_engine_generation(script.engine), 2);
    assert_null(returned());
}

/* A file that is broken does not take the place of the one that is asked. */
static void a_shadow_goes_on_until_there_is_a_better_one(void **state)
{
    static const char refusing[] = "local policy = parley.policy { name = 'site' }\n"
                                   "function policy.join() return reject(403) end\n"
                                   "return policy\n";
    (void)state;
    script_site(COUNTING);
    assert_int_equal(shadow_by(refusing), 0);
    assert_answers("demo", "one 1");
    assert_int_equal(shadow_figure("differences"), 1);
    assert_int_equal(shadow_by("local x = = 1"), EINVAL);
    assert_contains(script.error, "other.lua:1: unexpected symbol");
    assert_answers("demo", "one 2");
    assert_int_equal(shadow_figure("differences"), 2);
    assert_int_equal(shadow_by(refusing), 0);
    assert_int_equal(shadow_figure("differences"), 0);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* One conference ahead and back, one pinned and let go, a shadow, and scripts that fail and are
 * taken back: six generations. */
static void go_round(void)
{
    char path[128];
    json_t *told;
    struct shadow_config shadow = {.file = path};

    script_path("site", path, sizeof path);
    script_write("site", COUNTING_OTHERWISE(MAKE_COUNTS));
    assert_int_equal(go(send_ahead, "tea"), 0);
    assert_int_equal(go(lua_engine_call_back, "tea"), 0);
    assert_int_equal(go(lua_engine_pin, "tea"), 0);
    assert_int_equal(lua_engine_shadow(script.engine, &shadow, script.error, sizeof script.error),
                     0);
    world_hang_up(script.focus, world_dial(script.focus, "alice", "demo"));
    assert_int_equal(script_reload(), 0);
    assert_int_equal(go(lua_engine_unpin, "tea"), 0);
    script_write("site", "local x = = 1");
    assert_int_equal(script_reload(), EINVAL);
    script_write("site", "local policy = parley.policy { name = 'site', version = 3 }\n"
                         "function policy.migrate(state) return {} end\n"
                         "function policy.join() error 'no' end\n"
                         "return policy\n");
    assert_int_equal(script_reload(), 0);
    call_as("alice", "demo");
    call_as("bob", "demo");
    call_as("carol", "demo");
    script_turn();
    told = returned();
    assert_non_null(told);
    json_decref(told);
    script_write("site", "local policy = parley.policy { name = 'site', version = 4 }\n"
                         "function policy.migrate(state) return { n = 1 } end\n"
                         "return policy\n");
    assert_int_equal(script_reload(), 0);
}

static void generations_are_freed_however_they_end(void **state)
{
    size_t before;

    (void)state;
    reserve("tea");
    log_set_level(LOG_LEVEL_ERROR);
    start_with_probation(COUNTING, 60000);
    log_catch();
    for (unsigned i = 0; i < 20; i++)
        go_round();
    before = mallinfo2().uordblks;
    for (unsigned i = 0; i < 150; i++)
        go_round();
    (void)log_caught();
    assert_in_range(generations(), 1, 2);
    assert_true(mallinfo2().uordblks < before + (64 << 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_new_version_makes_its_state_of_the_old_one),
        SCRIPT_TEST(migrate_may_change_what_it_is_given),
        SCRIPT_TEST(a_migrate_that_fails_keeps_the_old_generation_and_all_states),
        SCRIPT_TEST(the_migrates_of_all_conferences_together_have_an_end),
        SCRIPT_TEST(a_version_and_migrate_belong_together),
        SCRIPT_TEST(one_conference_goes_ahead_and_comes_back_as_it_was),
        SCRIPT_TEST(one_that_cannot_go_ahead_stays),
        SCRIPT_TEST(a_pinned_conference_stays_through_reloads),
        SCRIPT_TEST(a_pinned_conference_that_is_gone_holds_nothing),
        SCRIPT_TEST(what_stays_behind_must_suit_a_changed_conference),
        SCRIPT_TEST(there_is_an_end_to_generations),
        SCRIPT_TEST(too_many_errors_after_a_reload_bring_the_old_scripts_back),
        SCRIPT_TEST(a_state_that_was_migrated_is_as_it_was_when_the_old_scripts_come_back),
        SCRIPT_TEST(who_goes_ahead_and_back_during_probation_has_each_form_of_its_state),
        SCRIPT_TEST(a_pinned_conference_has_nothing_to_do_with_probation),
        SCRIPT_TEST(one_caller_alone_takes_no_scripts_back),
        SCRIPT_TEST(conferences_that_fail_by_themselves_take_scripts_back),
        SCRIPT_TEST(scripts_that_have_proven_themselves_stay),
        SCRIPT_TEST(what_has_failed_is_not_what_comes_back),
        SCRIPT_TEST(a_conference_that_fails_ahead_is_called_back),
        SCRIPT_TEST(a_shadow_that_fails_in_each_hook_harms_nobody),
        SCRIPT_TEST(a_shadow_goes_on_until_there_is_a_better_one),
        SCRIPT_TEST(generations_are_freed_however_they_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
