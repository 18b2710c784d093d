/* Class simulation, of tests: the server that a test has for itself, and its time. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/libraries.h"
#include "lua/options.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/state.h"
#include "lua/testing.h"

#include "focus/focus.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SETTLES = 20,              /* ms in which phones do what they are asked to */
    ADVANCE_MOST = 31 * 86400, /* s at once */
    STRIDE = 60000,            /* ms from one look at the budget to the next */
    STRIDE_COST = 100,         /* instructions of it */
    SIMULATION = 1,            /* the id of the only one */
};

struct simulation *simulation_self(lua_State *L)
{
    (void)handle_check(L, 1, &simulation_class);
    return tester_of(L)->simulation;
}

static bool exists(lua_State *L, uint64_t id)
{
    (void)L;
    return id == SIMULATION;
}

/* ---- time ----------------------------------------------------------------------------------- */

void simulation_advance(lua_State *L, uint64_t ms)
{
    const struct tester *tester = tester_of(L);
    struct loop *loop = tester->port->loop(tester->simulation);

    for (; ms > STRIDE; ms -= STRIDE) {
        loop_advance(loop, STRIDE);
        budget_charge(L, STRIDE_COST);
    }
    loop_advance(loop, ms);
    budget_charge(L, STRIDE_COST);
}

void simulation_settle(lua_State *L)
{
    simulation_advance(L, SETTLES);
}

/* sim:advance "5m" */
static int advance(lua_State *L)
{
    (void)simulation_self(L);
    simulation_advance(L, (uint64_t)duration_check(L, 2, "advance: the time", 0, ADVANCE_MOST));
    return 0;
}

/* Whether there is such a day, and such a time on it: not February 30th, nor 25:00. */
static bool is_on_calendar(const struct tm *tm)
{
    struct tm moved = *tm;

    (void)timegm(&moved);
    return moved.tm_year == tm->tm_year && moved.tm_mon == tm->tm_mon &&
           moved.tm_mday == tm->tm_mday && moved.tm_hour == tm->tm_hour &&
           moved.tm_min == tm->tm_min && moved.tm_sec == tm->tm_sec;
}

/* sim:time("2026-03-02 09:00" [, zone]): it is that time now, there, or where the server stands */
static int set_time(lua_State *L)
{
    struct simulation *simulation = simulation_self(L);
    const char *text = luaL_checkstring(L, 2);
    struct tm tm = {.tm_isdst = -1};
    int end = 0;

    (void)sscanf(text, "%4d-%2d-%2d %2d:%2d%n:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                 &tm.tm_hour, &tm.tm_min, &end, &tm.tm_sec, &end);
    if (end == 0 || text[end])
        script_error(L, "time: it is written as \"2026-03-02 09:00\", not \"%s\"", text);
    tm.tm_year -= 1900;
    tm.tm_mon--;
    if (!is_on_calendar(&tm))
        script_error(L, "time: there is no such day and time as \"%s\"", text);
    loop_set_time(tester_of(L)->port->loop(simulation),
                  zone_moment(L, luaL_optstring(L, 3, NULL), &tm));
    return 0;
}

/* ---- conferences ---------------------------------------------------------------------------- */

enum {
    KEY_NAME,
    KEY_TITLE,
    KEY_POLICY,
    KEY_OPTIONS,
    KEY_CAPACITY,
    KEY_HOLD_MUSIC,
    KEY_ATTENDANT,
    KEY_LANGUAGE,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT] = {
    [KEY_NAME] = "name",           [KEY_TITLE] = "title",       [KEY_POLICY] = "policy",
    [KEY_OPTIONS] = "options",     [KEY_CAPACITY] = "capacity", [KEY_HOLD_MUSIC] = "hold_music",
    [KEY_ATTENDANT] = "attendant", [KEY_LANGUAGE] = "language",
};

struct wanted {
    char name[64], title[64], policy[POLICY_NAME], hold_music[256], attendant[64];
    char language[LANGUAGE_SIZE];
    unsigned capacity;
    json_t *options; /* made last: nothing raises while it is held */
};

/* Fills in what is wanted, from the table at index 2. Raises. */
static void wanted_take(lua_State *L, struct wanted *wanted)
{
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
        (void)key_check(L, -2, "conference", keys, KEY_COUNT);
    text_field(L, 2, "conference", "name", wanted->name, sizeof wanted->name);
    text_field(L, 2, "conference", "title", wanted->title, sizeof wanted->title);
    text_field(L, 2, "conference", "hold_music", wanted->hold_music, sizeof wanted->hold_music);
    text_field(L, 2, "conference", "attendant", wanted->attendant, sizeof wanted->attendant);
    text_field(L, 2, "conference", "language", wanted->language, sizeof wanted->language);
    if (lua_getfield(L, 2, "policy") != LUA_TNIL)
        stack_take(L, "conference: policy", wanted->policy, sizeof wanted->policy);
    wanted->capacity = number_field(L, 2, "conference", "capacity", 0, 1000000, 0);
    wanted->options = options_field(L, 2, "conference");
}

/* Raises nothing. EINVAL: `error` says what is wrong. */
static int reserve(struct lua_engine *engine, const struct wanted *wanted, char *error, size_t size)
{
    struct sound_config sound = {.hold_music = wanted->hold_music};
    struct conference_config config = {
        .name = wanted->name,
        .title = wanted->title,
        .policy = wanted->policy,
        .capacity = wanted->capacity,
        .attendant = wanted->attendant,
        .language = wanted->language,
        .options = wanted->options,
        .sound = *wanted->hold_music ? &sound : NULL,
        .life = *focus_life(engine->focus),
    };
    int status = generation_check_conference(engine->generation, &config, error, size);

    if (!status) {
        status = focus_reserve(engine->focus, &config);
        (void)snprintf(error, size, "the name must be one that can be called");
    }
    return status;
}

/* sim:conference { name = …, policy = …, options = …, … } */
static int conference(lua_State *L)
{
    struct lua_engine *engine = generation_of(L)->engine;
    struct tester *tester = tester_of(L);
    struct wanted wanted = {.options = NULL};
    char error[SCRIPT_TEXT];
    int status;

    (void)simulation_self(L);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    (void)snprintf(wanted.name, sizeof wanted.name, "conference%u", ++tester->conference_count);
    if (tester->is_policy)
        (void)snprintf(wanted.policy, sizeof wanted.policy, "%s", tester->path);
    wanted_take(L, &wanted);
    status = reserve(engine, &wanted, error, sizeof error);
    json_decref(wanted.options);
    if (status)
        script_error(L, "conference: %s", error);
    conference_push(L, conference_id(focus_conference_by_name(engine->focus, wanted.name)));
    return 1;
}

/* ---- what has happened ---------------------------------------------------------------------- */

static void set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void decision_push(lua_State *L, const struct simulated_decision *decision)
{
    lua_createtable(L, 0, 7);
    set_text(L, "verb", decision->verb);
    set_text(L, "verdict", decision->verdict);
    set_text(L, "actor", decision->actor);
    set_text(L, "conference", decision->conference);
    set_text(L, "by", decision->by);
    if (strcmp(decision->verdict, "reject") != 0)
        return;
    set_text(L, "reason", decision->reason);
    lua_pushinteger(L, decision->code);
    lua_setfield(L, -2, "code");
}

/* NULL: of all verbs. One that there is not would find nothing, whatever was decided. */
static const char *verb_check(lua_State *L, int index)
{
    const char *verb = luaL_optstring(L, index, NULL), *names[VERB_COUNT];

    for (unsigned i = 0; i < VERB_COUNT; i++) {
        names[i] = verb_name((enum verb)i);
        if (verb && strcmp(verb, names[i]) == 0)
            return verb;
    }
    if (verb)
        script_error(L, "decisions: there is no decision hook '%s'%s", verb,
                     nearest_push(L, verb, names, VERB_COUNT));
    return NULL;
}

/* sim:decisions [verb]: a list, in their order */
static int decisions(lua_State *L)
{
    const struct simulation *simulation = simulation_self(L);
    const struct simulating *port = tester_of(L)->port;
    const char *verb = verb_check(L, 2);
    const struct simulated_decision *decision;
    lua_Integer count = 0;

    lua_newtable(L);
    for (unsigned i = 0; (decision = port->decision(simulation, i)); i++) {
        if (verb && strcmp(decision->verb, verb) != 0)
            continue;
        decision_push(L, decision);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

/* sim:errors(): how many there were, and the first; they are the test's failure no longer */
static int errors(lua_State *L)
{
    struct tester *tester = tester_of(L);

    (void)simulation_self(L);
    lua_pushinteger(L, tester->errors);
    lua_pushstring(L, tester->errors > 0 ? tester->error : NULL);
    tester->errors = 0;
    return 2;
}

static int to_string(lua_State *L)
{
    lua_pushliteral(L, "simulation");
    return 1;
}

/* ---- the class ------------------------------------------------------------------------------ */

static const struct script_function fields[] = {{NULL, NULL, 0}};

static const struct script_function methods[] = {
    {"advance", advance, IN_TEST},
    {"time", set_time, IN_TEST},
    {"conference", conference, IN_TEST},
    {"call", simulation_call, IN_TEST},
    {"called", simulation_called, IN_TEST},
    {"initiate", simulation_initiate, IN_TEST},
    {"web", simulation_web, IN_TEST},
    {"decisions", decisions, IN_TEST},
    {"errors", errors, IN_TEST},
    {NULL, NULL, 0},
};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class simulation_class = {
    .name = "simulation",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};
