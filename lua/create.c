/* parley.create: a conference with a name of its own, made by an application (RFC 4579 §5.3). */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/params.h"
#include "lua/state.h"

#include <string.h>

enum { CAPACITY_MOST = 100000, DIGITS_LEAST = 4 };

/* Fields of its table. */
struct wish {
    char title[64], policy[256], owner[600], language[LANGUAGE_SIZE];
    unsigned capacity, digits;
};

/* A URI, or who has one: call.from. */
static void take_owner(lua_State *L, struct wish *wish)
{
    if (lua_getfield(L, 1, "owner") == LUA_TTABLE)
        (void)lua_getfield(L, -1, "uri");
    if (!lua_isnil(L, -1))
        text_check(L, -1, "create: owner", wish->owner, sizeof wish->owner);
    lua_settop(L, 1);
}

static void wish_take(lua_State *L, struct wish *wish)
{
    static const char *const names[] = {"policy",   "title",  "owner",  "language",
                                        "capacity", "digits", "options"};

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        (void)key_check(L, -2, "create", names, sizeof names / sizeof *names);
        lua_pop(L, 1);
    }
    text_field(L, 1, "create", "title", wish->title, sizeof wish->title);
    text_field(L, 1, "create", "language", wish->language, sizeof wish->language);
    language_check(L, "create: language", wish->language);
    if (lua_getfield(L, 1, "policy") != LUA_TNIL)
        stack_take(L, "create: policy", wish->policy, sizeof wish->policy);
    lua_pop(L, 1);
    take_owner(L, wish);
    wish->capacity = number_field(L, 1, "create", "capacity", 0, CAPACITY_MOST, wish->capacity);
    wish->digits = number_field(L, 1, "create", "digits", DIGITS_LEAST, NUMBER_DIGITS_MOST, 0);
}

/* The call of the conversation that runs, when the conference is to be its caller's. */
static const struct call_info *call_of_owner(const struct conversation *conversation,
                                             const char *owner)
{
    const struct visitor *visitor = conversation ? conversation_visitor(conversation) : NULL;
    const struct call_info *info = visitor ? visitor_call(visitor) : NULL;

    return info && strcmp(info->caller.uri, owner) == 0 ? info : NULL;
}

/* Raises nothing. As focus_make_conference; EINVAL: `error` says what is wrong with the options. */
static int create(const struct generation *generation, const struct actor *actor,
                  const struct wish *wish, const json_t *options, struct decision *decision,
                  uint64_t *idp, char *error, size_t error_size)
{
    struct lua_engine *engine = generation->engine;
    const struct conference_config model = {
        .name = "create",
        .title = wish->title,
        .policy = wish->policy,
        .capacity = wish->capacity,
        .language = wish->language,
        .life = *focus_life(engine->focus),
        .options = options,
    };
    const struct creation creation = {
        .actor = *actor,
        .model = &model,
        .creator = wish->owner,
        .digits = wish->digits,
        .from = call_of_owner(generation->frame->conversation, wish->owner),
    };
    struct conference *conference;
    int result;

    /* It will be asked by the generation that is live, whichever this one is. */
    if (generation_check_conference(engine->generation, &model, error, error_size))
        return EINVAL;
    result = focus_make_conference(engine->focus, &creation, decision, &conference);
    if (!result)
        *idp = conference_id(conference);
    return result;
}

int parley_create(lua_State *L)
{
    struct wish wish = {.title = ""};
    struct actor actor;
    struct decision decision;
    char error[SCRIPT_TEXT];
    json_t *options;
    uint64_t id = 0;
    int result;

    command_actor(L, &actor);
    wish_take(L, &wish);
    options = options_field(L, 1, "create");
    result = create(generation_of(L), &actor, &wish, options, &decision, &id, error, sizeof error);
    json_decref(options);
    if (result == EINVAL)
        return luaL_error(L, "create: %s", error);
    if (result)
        return command_refused(L, EPERM, &decision);
    conference_push(L, id);
    return 1;
}
