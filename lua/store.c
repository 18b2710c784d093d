/*
 * parley.store "members": plain data by keys, which outlives calls and restarts. For applications:
 * each method waits for the disk, and nobody else does. Tests look at what is kept.
 */
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/params.h"
#include "lua/state.h"
#include "lua/testing.h"

#include "core/failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_MOST = 40 * 24 * 3600 }; /* s; ms of it are an unsigned */

static const char class_name[] = "store";

static const char *name_check(lua_State *L)
{
    return luaL_checkudata(L, 1, class_name);
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* A copy of struct store_answer in one piece. */
struct finding {
    bool is_done, has_more;
    enum store_kind kind;
    int64_t number;
    size_t size;
    unsigned char bytes[]; /* or the problem */
};

/* NULL: out of memory. */
static struct finding *finding_make(const struct store_answer *answer)
{
    const void *bytes = answer->problem ? (const void *)answer->problem : answer->value.bytes;
    size_t size = answer->problem ? strlen(answer->problem) : answer->value.size;
    struct finding *finding = malloc(sizeof *finding + size + 1);

    if (!finding)
        return NULL;
    *finding = (struct finding){.is_done = !answer->problem,
                                .has_more = answer->has_more,
                                .kind = answer->value.kind,
                                .number = answer->value.number,
                                .size = size};
    if (size > 0)
        memcpy(finding->bytes, bytes, size);
    finding->bytes[size] = '\0';
    return finding;
}

static void on_answer(const struct store_answer *answer, void *arg)
{
    errand_finish(arg, finding_make(answer), free);
}

static void on_answer_in_test(const struct store_answer *answer, void *arg)
{
    struct finding **findingp = arg;

    *findingp = finding_make(answer);
}

/* What methods return of what was found. */

static int value_push(lua_State *L, const struct finding *finding)
{
    if (finding->kind == STORE_NUMBER) {
        lua_pushinteger(L, finding->number);
    } else if (finding->kind == STORE_NOTHING) {
        lua_pushnil(L);
    } else if (plain_decode(L, finding->bytes, finding->size) != 0) {
        return failure_push(L, "what is kept there cannot be read", 0);
    }
    return 1;
}

static int done_push(lua_State *L, const struct finding *finding)
{
    (void)finding;
    lua_pushboolean(L, 1);
    return 1;
}

static int keys_push(lua_State *L, const struct finding *finding)
{
    lua_Integer count = 0;

    lua_newtable(L);
    for (size_t at = 0; at < finding->size; at += strlen((const char *)finding->bytes + at) + 1) {
        lua_pushstring(L, (const char *)finding->bytes + at);
        lua_rawseti(L, -2, ++count);
    }
    lua_pushboolean(L, finding->has_more);
    return 2;
}

/* `finding` NULL: there is none, for that reason. */
static int found_push(lua_State *L, const struct finding *finding, const char *problem,
                      int (*push)(lua_State *L, const struct finding *finding))
{
    if (finding && finding->is_done)
        return push(L, finding);
    return failure_push(L, finding ? (const char *)finding->bytes : problem, 0);
}

static int outcome_push(lua_State *L, struct conversation *conversation,
                        int (*push)(lua_State *L, const struct finding *finding))
{
    (void)errand_drop(conversation);
    return found_push(L, conversation->outcome.result, conversation->outcome.text, push);
}

static int value_outcome(lua_State *L, struct conversation *conversation)
{
    return outcome_push(L, conversation, value_push);
}

static int done_outcome(lua_State *L, struct conversation *conversation)
{
    return outcome_push(L, conversation, done_push);
}

static int keys_outcome(lua_State *L, struct conversation *conversation)
{
    return outcome_push(L, conversation, keys_push);
}

/* It is done all the same. */
static void cancel(struct conversation *conversation)
{
    struct store_errand *errand = errand_drop(conversation);

    if (errand)
        conversation->generation->engine->storing->forget(errand);
}

/* How an application waits for an answer, and what is returned of it; a test does not wait. */
struct answering {
    struct wait wait;
    int (*push)(lua_State *L, const struct finding *finding);
};

static const struct answering value_answer = {{.push = value_outcome, .cancel = cancel},
                                              value_push};
static const struct answering done_answer = {{.push = done_outcome, .cancel = cancel}, done_push};
static const struct answering keys_answer = {{.push = keys_outcome, .cancel = cancel}, keys_push};

/* ---- asking --------------------------------------------------------------------------------- */

struct wish {
    const char *what;
    struct conversation *conversation; /* NULL: it is a test */
    struct finding *finding;           /* of a test */
    struct store_request request;
    char key[STORE_KEY_MAX + 1];
};

static const struct storing *storing_of(lua_State *L)
{
    return generation_of(L)->engine->storing;
}

static void wish_begin(lua_State *L, struct wish *wish, const char *what, enum store_verb verb)
{
    const char *name = name_check(L);
    char key_name[64];

    *wish = (struct wish){.what = what,
                          .conversation = conversation_running(L),
                          .request = {.verb = verb, .store = name, .key = wish->key}};
    (void)snprintf(key_name, sizeof key_name, "%s: the %s", what,
                   verb == STORE_KEYS ? "prefix" : "key");
    if (verb != STORE_KEYS || !lua_isnoneornil(L, 2))
        text_check(L, 2, key_name, wish->key, sizeof wish->key);
    if (verb != STORE_KEYS && *wish->key == '\0')
        script_error(L, "%s must not be empty", key_name);
    if (!storing_of(L))
        script_error(L, "%s: this server has no store", what);
}

/* { ttl = … } at `index`. */
static void take_ttl(lua_State *L, int index, struct wish *wish)
{
    static const char *const names[] = {"ttl"};
    char ttl_name[64];

    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        (void)key_check(L, -2, wish->what, names, 1);
        lua_pop(L, 1);
    }
    (void)snprintf(ttl_name, sizeof ttl_name, "%s: ttl", wish->what);
    if (lua_getfield(L, index, "ttl") != LUA_TNIL)
        wish->request.ttl = duration_check(L, -1, ttl_name, 1, TTL_MOST);
    lua_pop(L, 1);
}

static bool is_question(const struct wish *wish)
{
    return wish->request.verb == STORE_GET || wish->request.verb == STORE_KEYS;
}

/* NULL: nobody waits for it; the caller has gone, or the application waits for something else. The
 * latter is an error for who asks a question. */
static struct errand *errand_of(lua_State *L, const struct wish *wish)
{
    struct conversation *conversation = wish->conversation;

    if (!conversation || !conversation_goes_on(conversation))
        return NULL;
    if (!is_question(wish) && (conversation->wait || !lua_isyieldable(L))) {
        conversation_ration(L, conversation, wish->what);
        return NULL;
    }
    conversation_check_wait(L, wish->conversation, wish->what);
    return errand_make(L, wish->conversation);
}

/* Pushes nothing, raises nothing. As storing->ask. What changes something is done even when nobody
 * waits for it. */
static int submit(const struct storing *storing, struct wish *wish, struct errand *errand)
{
    struct store_errand *under_way;
    int error;

    if (!wish->conversation)
        return storing->ask(storing->ctx, &wish->request, on_answer_in_test, &wish->finding,
                            &under_way);
    if (!errand && is_question(wish))
        return ESRCH;
    error =
        storing->ask(storing->ctx, &wish->request, errand ? on_answer : NULL, errand, &under_way);
    if (!error && errand)
        errand_begun(errand, under_way);
    return error;
}

/* What the method returns in a test, whose store answers in the next turn of the loop. */
static int settle(lua_State *L, struct wish *wish, const struct answering *answering)
{
    int count;

    simulation_settle(L);
    count = found_push(L, wish->finding, "out of memory", answering->push);
    free(wish->finding);
    return count;
}

/* What the method returns after that. */
static int wait_or_tell(lua_State *L, struct wish *wish, bool has_errand, int error,
                        const struct answering *answering)
{
    if (error == ESRCH)
        return handle_gone(L);
    if (error) {
        if (has_errand)
            (void)errand_drop(wish->conversation);
        return failure_push(L, error == EAGAIN ? "the store is too busy" : failure_text(error), 0);
    }
    if (!wish->conversation)
        return settle(L, wish, answering);
    if (has_errand)
        return conversation_wait(L, wish->conversation, &answering->wait);
    lua_pushboolean(L, 1);
    return 1;
}

static int ask(lua_State *L, struct wish *wish, const struct answering *answering)
{
    struct errand *errand = errand_of(L, wish);

    return wait_or_tell(L, wish, errand != NULL, submit(storing_of(L), wish, errand), answering);
}

/* store:get(key): the value, nil when there is none; or nil and why */
static int store_get(lua_State *L)
{
    struct wish wish;

    wish_begin(L, &wish, "get", STORE_GET);
    return ask(L, &wish, &value_answer);
}

/* store:delete(key): what was there */
static int store_delete(lua_State *L)
{
    struct wish wish;

    wish_begin(L, &wish, "delete", STORE_DELETE);
    return ask(L, &wish, &value_answer);
}

/* store:keys([prefix]): a list in order, and whether there are more */
static int store_keys(lua_State *L)
{
    struct wish wish;

    wish_begin(L, &wish, "keys", STORE_KEYS);
    return ask(L, &wish, &keys_answer);
}

/* store:add(key [, number = 1 [, { ttl = … }]]): the sum */
static int store_add(lua_State *L)
{
    struct wish wish;

    wish_begin(L, &wish, "add", STORE_ADD);
    wish.request.value =
        (struct store_value){.kind = STORE_NUMBER, .number = luaL_optinteger(L, 3, 1)};
    take_ttl(L, 4, &wish);
    return ask(L, &wish, &value_answer);
}

/* The value at index 3 as bytes, which are the caller's to free; NULL: it is a number. Raises. */
static unsigned char *take_value(lua_State *L, struct wish *wish)
{
    struct store_value *value = &wish->request.value;
    struct plain_error problem;
    unsigned char *bytes;
    int error;

    if (lua_isinteger(L, 3)) {
        *value = (struct store_value){.kind = STORE_NUMBER, .number = lua_tointeger(L, 3)};
        return NULL;
    }
    value->kind = STORE_BYTES;
    error = plain_encode(L, 3, STORE_VALUE_MAX, &bytes, &value->size, &problem);
    if (error)
        script_error(L, "set: the value%s: %s", problem.path,
                     error == E2BIG ? "larger than 64 KiB" : problem.what);
    value->bytes = bytes;
    return bytes;
}

/* store:set(key, value [, { ttl = … }]): true */
static int store_set(lua_State *L)
{
    struct wish wish;
    struct errand *errand;
    unsigned char *bytes;
    int error;

    wish_begin(L, &wish, "set", STORE_SET);
    if (lua_isnoneornil(L, 3))
        return luaL_error(L, "set: there is no value; delete(key) forgets one");
    take_ttl(L, 4, &wish);
    errand = errand_of(L, &wish);
    bytes = take_value(L, &wish); /* nothing raises from here to free */
    error = submit(storing_of(L), &wish, errand);
    free(bytes);
    return wait_or_tell(L, &wish, errand != NULL, error, &done_answer);
}

/* ---- the class ------------------------------------------------------------------------------ */

static int to_string(lua_State *L)
{
    lua_pushfstring(L, "store %s", name_check(L));
    return 1;
}

/* parley.store(name) */
int parley_store(lua_State *L)
{
    char name[STORE_NAME_MAX + 1];
    char *store;

    text_check(L, 1, "parley.store: the name", name, sizeof name);
    if (*name == '\0')
        return luaL_error(L, "parley.store: the name must not be empty");
    store = lua_newuserdatauv(L, strlen(name) + 1, 0);
    memcpy(store, name, strlen(name) + 1);
    luaL_setmetatable(L, class_name);
    return 1;
}

void store_class_open(lua_State *L)
{
    static const struct script_function methods[] = {
        {"get", store_get, IN_APPLICATION | IN_TEST},
        {"set", store_set, IN_APPLICATION | IN_TEST},
        {"add", store_add, IN_APPLICATION | IN_TEST},
        {"keys", store_keys, IN_APPLICATION | IN_TEST},
        {"delete", store_delete, IN_APPLICATION | IN_TEST},
        {NULL, NULL, 0},
    };

    (void)luaL_newmetatable(L, class_name);
    lua_newtable(L);
    functions_set(L, "store", ":", methods);
    frozen_push(L, "a store");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, to_string);
    lua_setfield(L, -2, "__tostring");
    metatable_hide(L);
    lua_pop(L, 1);
}
