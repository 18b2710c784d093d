/*
 * The description of what scripts can use (lua/api) and the binding say the same, both ways. Each
 * side is made into lines, "participant:mute: event application" and the like, and none may be on
 * one side only.
 */
#include "tests/unit/lua/call_world.h"

#include "lua/classes.h"
#include "lua/generation.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/testing.h"

#include "focus/message.h"

#include <lualib.h>
#include <stdlib.h>

enum { LINE = 512 };

/* Lines by their text, each with true: what is described, then what is there. */
static lua_State *lines;

static void line_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void line_add(const char *format, ...)
{
    char line[LINE];
    va_list arguments;

    va_start(arguments, format);
    assert_true(vsnprintf(line, sizeof line, format, arguments) < (int)sizeof line);
    va_end(arguments);
    lua_pushboolean(lines, 1);
    lua_setfield(lines, -2, line);
}

static const char *contexts_text(unsigned contexts)
{
    static const char *const names[] = {"loading",     "decision", "mix", "event",
                                        "application", "migrate",  "test"};
    static char text[64];

    text[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (contexts >> i & 1)
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                           *text ? " " : "", names[i]);
    }
    return text;
}

static void functions_add(const char *prefix, const char *separator,
                          const struct script_function *functions)
{
    for (; functions && functions->name; functions++)
        line_add("%s%s%s: %s", prefix, separator, functions->name,
                 contexts_text(functions->contexts));
}

/* ---- what is there -------------------------------------------------------------------------- */

/* The real table behind the view on top of the stack takes its place. */
static void view_open(lua_State *L)
{
    int type = luaL_getmetafield(L, -1, "__index");

    if (type == LUA_TTABLE)
        lua_remove(L, -2);
    else if (type != LUA_TNIL)
        lua_pop(L, 1);
}

/* What functions_set has made a closure of: it has what it checks by in three upvalues. NULL: it
 * has not made this. */
static const struct script_function *function_on_top(lua_State *L)
{
    const struct script_function *function = NULL;
    int count = 0;

    while (lua_iscfunction(L, -1) && lua_getupvalue(L, -1, count + 1)) {
        bool is_light = lua_islightuserdata(L, -1);

        if (count == 0 && is_light)
            function = lua_touserdata(L, -1);
        lua_pop(L, 1);
        if (!is_light)
            return NULL;
        count++;
    }
    return count == 3 ? function : NULL;
}

/* Of the table on top of the stack, which is popped. */
static void table_add(lua_State *L, const char *prefix, const char *separator)
{
    char name[64];

    view_open(L);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        const struct script_function *function = function_on_top(L);

        (void)snprintf(name, sizeof name, "%s%s%s", prefix, separator, lua_tostring(L, -2));
        if (function)
            line_add("%s: %s", name, contexts_text(function->contexts));
        else if (!lua_istable(L, -1) || *prefix)
            line_add("%s", name);
        if (lua_istable(L, -1)) {
            lua_pushvalue(L, -1);
            table_add(L, name, ".");
        }
    }
    lua_pop(L, 1);
}

static void globals_add(lua_State *L)
{
    sandbox_push_environment(L);
    assert_true(lua_getmetatable(L, -1));
    assert_int_equal(lua_getfield(L, -1, "__index"), LUA_TTABLE);
    table_add(L, "", "");
    lua_pop(L, 2);
    assert_int_equal(luaL_getmetatable(L, "store"), LUA_TTABLE);
    assert_int_equal(lua_getfield(L, -1, "__index"), LUA_TTABLE);
    table_add(L, "store", ":");
    lua_pop(L, 1);
}

static void classes_add(void)
{
    static const struct handle_class *const classes[] = {
        &conference_class, &participant_class, &call_class,   &pending_class, &timer_class,
        &mix_class,        &simulation_class,  &caller_class, NULL,
    };
    char setter[64];

    for (unsigned i = 0; classes[i]; i++) {
        functions_add(classes[i]->name, ".", classes[i]->fields);
        functions_add(classes[i]->name, ":", classes[i]->methods);
        (void)snprintf(setter, sizeof setter, "set %s", classes[i]->name);
        functions_add(setter, ".", classes[i]->setters);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds "HEAD NAMES", sorted. */
static void names_add(const char *head, const char **names, size_t count)
{
    char text[LINE] = "";

    qsort(names, count, sizeof *names, compare);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                       names[i]);
    line_add("%s %s", head, text);
}

/* The keys of the table on top of the stack, which is popped. */
static void keys_add(lua_State *L, const char *head)
{
    const char *names[64];
    size_t count = 0;

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        names[count++] = lua_tostring(L, -2);
    names_add(head, names, count);
    lua_pop(L, 1);
}

static void hooks_add(void)
{
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        line_add("policy.%s", hook_name(hook));
}

static void verbs_add(void)
{
    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        const char *names[PARAM_COUNT] = {NULL}, *allowed[PARAM_COUNT];
        char head[64];
        size_t count = 0;

        params_names(verb_params(verb), allowed);
        for (unsigned i = 0; i < PARAM_COUNT; i++) {
            if (allowed[i])
                names[count++] = allowed[i];
        }
        (void)snprintf(head, sizeof head, "policy.%s has", hook_name(verb));
        names_add(head, names, count);
    }
}

static void events_add(lua_State *L)
{
    struct message message = {.text = "Hello", .name = "Alice"};
    struct conference_event event = {
        .conference = 1,
        .participant = 2,
        .other = 3,
        .sidebar = 4,
        .pending = 5,
        .message = &message,
        .quality = {.grade = "poor", .before = "good", .mos = 2, .remote_mos = 3},
    };
    char head[64];

    for (unsigned kind = 0; kind < EVENT_COUNT; kind++) {
        event.kind = kind;
        event_push(L, &event);
        (void)snprintf(head, sizeof head, "policy.%s is told", event_name(kind));
        keys_add(L, head);
    }
}

/* All that a request of any verb has. */
static void request_add(lua_State *L)
{
    struct invitation invitation = {.uri = "sip:bob@192.0.2.7", .name = "", .replaces = ""};
    struct sidebar_wish sidebar = {.asks = true};
    struct request request = {
        .conference = focus_conference_by_name(script.focus, "demo"),
        .conference_name = "demo",
        .actor = {.participant = 1, .groups = ""},
        .factory = "new",
        .text = "Hello",
        .package = "conference",
        .invitation = &invitation,
        .sidebar = &sidebar,
        .target = 2,
    };

    assert_non_null(request.conference);
    actor_push(L, &request.actor);
    keys_add(L, "actor has");
    lua_newtable(L);
    for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
        request.verb = verb;
        request_push(L, &request);
        for (lua_pushnil(L); lua_next(L, -2);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -5);
        }
        lua_pop(L, 1);
    }
    keys_add(L, "request has");
}

static void figures_add(lua_State *L)
{
    const char *names[64] = {NULL};
    size_t count = 0;

    for (const struct figure *figure = stats_figures; figure->name; figure++)
        names[count++] = figure->name;
    names_add("stats has", names, count);
    lua_pushcfunction(L, parley_time);
    lua_call(L, 0, 1);
    keys_add(L, "time_of_day has");
}

/* "…: it knows b, a" as "HEAD a b"; returns what comes after. */
static const char *known_add(const char *head, const char *text)
{
    const char *names[64], *end;
    char list[LINE], *save = NULL;
    size_t count = 0;

    text = strstr(text, "it knows ");
    assert_non_null(text);
    text += strlen("it knows ");
    end = text + strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789, ");
    (void)snprintf(list, sizeof list, "%.*s", (int)(end - text), text);
    for (char *name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save))
        names[count++] = name;
    names_add(head, names, count);
    return end;
}

static int no_store(void *ctx, const struct store_request *request,
                    void (*handler)(const struct store_answer *answer, void *arg), void *arg,
                    struct store_errand **errandp)
{
    (void)ctx;
    (void)request;
    (void)handler;
    (void)arg;
    (void)errandp;
    return EAGAIN;
}

/* What takes a table says which keys it knows, when it is given another one. */
static void takers_add(void)
{
    static const struct storing storing = {.ask = no_store};
    static const struct fetching fetching = {.begin = NULL};
    static const char source[] =
        "return function(call)\n"
        "  local x, demo = { Q = 1 }, parley.conference 'demo'\n"
        "  local function try(name, f, ...)\n"
        "    local _, why = pcall(f, ...)\n"
        "    parley.log.error(('KEYS %s takes %s;'):format(name, why))\n"
        "  end\n"
        "  try('accept', accept, x) try('pending', pending, x)\n"
        "  try('parley.create', parley.create, x)\n"
        "  try('http.get', http.get, 'http://127.0.0.1/', x)\n"
        "  try('http.request', http.request, { url = 'http://127.0.0.1/', Q = 1 })\n"
        "  try('store:set', parley.store('x').set, parley.store 'x', 'k', 1, x)\n"
        "  call:answer()\n"
        "  for _, name in ipairs { 'ask', 'record', 'wait_for' } do\n"
        "    try('call:' .. name, call[name], call, x)\n"
        "  end\n"
        "  try('call:play', call.play, call, { 'tone:440/100', Q = 1 })\n"
        "  try('call:transfer', call.transfer, call, 'sip:bob@192.0.2.7', x)\n"
        "  try('call:join', call.join, call, demo, x)\n"
        "  local me = call:join(demo)\n"
        "  for _, name in ipairs { 'sidebar', 'media', 'record', 'limit', 'close', 'wait_for', "
        "'stop', 'remove_all' } do\n"
        "    try('conference:' .. name, demo[name], demo, x)\n"
        "  end\n"
        "  try('conference:play', demo.play, demo, 'tone:440/100', x)\n"
        "  try('conference:invite', demo.invite, demo, 'sip:bob@192.0.2.7', x)\n"
        "  for _, name in ipairs { 'enhance', 'volume', 'permit' } do\n"
        "    try('participant:' .. name, me[name], me, x)\n"
        "  end\n"
        "  local side = demo:sidebar()\n"
        "  try('conference:ask', side.ask, side, me, x)\n"
        "  try('conference:bring', side.bring, side, me, x)\n"
        "end";
    const char *log, *at;
    char head[64];

    script.storing = &storing;
    script.fetching = &fetching;
    log_catch();
    up(begin(source));
    log = log_caught();
    for (at = log; (at = strstr(at, "KEYS ")); at = known_add(head, at)) {
        at += strlen("KEYS ");
        (void)snprintf(head, sizeof head, "%.*s takes", (int)strcspn(at, " "), at);
    }
}

/* Where the application waits already, whatever would wait as well says so. What does nothing worse
 * than to fail is called all the same. */
static void waits_add(void)
{
    static const char source[] =
        "return function(call)\n"
        "  local demo, store = parley.conference 'demo', parley.store 'x'\n"
        "  local tries = {\n"
        "    ask = { {} }, play = { 'tone:440/100' }, say = { 'tone:440/100' }, record = {},\n"
        "    sleep = { 1 }, wait_for = { 'digit' }, join = { demo }, leave = {}, rejoin = {},\n"
        "    transfer = { 'sip:bob@192.0.2.7' }, answer = {}, ring = {}, early = {},\n"
        "    on_hangup = { print },\n"
        "  }\n"
        "  local function try(name, ...)\n"
        "    local done, why = pcall(...)\n"
        "    if not done and why:find('waits already', 1, true) then\n"
        "      parley.log.error(('WAITS %s;'):format(name))\n"
        "    end\n"
        "  end\n"
        "  parley.after(0, function()\n"
        "    for name, arguments in pairs(tries) do\n"
        "      try('call:' .. name, call[name], call, table.unpack(arguments))\n"
        "    end\n"
        "    try('conference:wait_for', demo.wait_for, demo, 'joined')\n"
        "    try('parley.sleep', parley.sleep, 1)\n"
        "    try('store:get', store.get, store, 'k') try('store:keys', store.keys, store)\n"
        "    try('http.get', http.get, 'http://127.0.0.1/')\n"
        "    try('http.post', http.post, 'http://127.0.0.1/', 'x')\n"
        "    try('http.request', http.request, { url = 'http://127.0.0.1/' })\n"
        "    parley.log.error 'DONE'\n"
        "  end)\n"
        "  call:sleep(60)\n"
        "end";
    struct call *call;
    const char *log, *at;

    log_catch();
    call = begin(source);
    script_turn();
    log = log_caught();
    assert_contains(log, "DONE");
    for (at = log; (at = strstr(at, "WAITS ")); at++)
        line_add("%.*s waits", (int)strcspn(at + strlen("WAITS "), ";"), at + strlen("WAITS "));
    world_hang_up(script.focus, call);
}

static void declarations_add(void)
{
    struct account account;

    (void)known_add(
        "option_declaration has",
        script_load_error("return parley.policy { name = 'x', options = { y = { Q = 1 } } }"));
    script_hook("account", "", "return { Q = 1 }");
    log_catch();
    (void)lua_engine_account(script.engine, "alice", "parley", NULL, &account);
    (void)known_add("account takes", log_caught());
}

/* ---- the comparison ------------------------------------------------------------------------- */

static void described_take(void)
{
    luaL_openlibs(lines);
    assert_int_equal(luaL_dostring(lines, "package.path = 'lua/api/?.lua'"), LUA_OK);
    if (luaL_dofile(lines, "tests/unit/lua/described.lua") != LUA_OK)
        fail_msg("%s", lua_tostring(lines, -1));
}

static const char compare_source[] =
    "local described, there = ...\n"
    "local known, wrong = {}, {}\n"
    "for _, line in ipairs(described) do\n"
    "  known[line] = true\n"
    "  if not there[line] then wrong[#wrong + 1] = 'only described: ' .. line end\n"
    "end\n"
    "for line in pairs(there) do\n"
    "  if not known[line] then wrong[#wrong + 1] = 'not described: ' .. line end\n"
    "end\n"
    "table.sort(wrong)\n"
    "return table.concat(wrong, '\\n'), #described\n";

static void the_description_is_what_the_binding_has(void **state)
{
    lua_State *L;

    (void)state;
    lines = luaL_newstate();
    assert_non_null(lines);
    assert_int_equal(luaL_loadstring(lines, compare_source), LUA_OK);
    described_take();
    lua_newtable(lines);
    takers_add();
    waits_add();
    L = script.engine->generation->L;
    globals_add(L);
    classes_add();
    hooks_add();
    verbs_add();
    events_add(L);
    request_add(L);
    figures_add(L);
    declarations_add();
    lua_call(lines, 2, 2);
    if (*lua_tostring(lines, -2))
        fail_msg("lua/api has to be what the binding is:\n%s", lua_tostring(lines, -2));
    assert_true(lua_tointeger(lines, -1) > 300);
    lua_close(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(the_description_is_what_the_binding_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
