/* Class pending: a request that waits for somebody's decision; and what pending { … } says of that.
 */
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/params.h"
#include "lua/private.h"

#include "focus/pending.h"

#include <string.h>

/* Of the verdict's table, besides the parameters of the request. */
enum {
    WAITING_MEANWHILE = PARAM_COUNT,
    WAITING_DECIDED_BY,
    WAITING_EXPIRY,
    WAITING_REASON,
    WAITING_ANNOUNCE,
    WAITING_KEYS
};

/* ---- the verdict ---------------------------------------------------------------------------- */

static enum meanwhile meanwhile_check(lua_State *L)
{
    const char *given = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";

    for (unsigned i = 0; i < MEANWHILE_COUNT; i++) {
        if (strcmp(meanwhile_name(i), given) == 0)
            return i;
    }
    script_error(L, "pending: meanwhile must be \"music\", \"early\", \"ring\" or \"silence\"");
}

static void role_check(lua_State *L, char *role)
{
    text_check(L, -1, "pending: decided_by", role, sizeof((struct waiting *)NULL)->decided_by[0]);
    if (*role == '\0')
        script_error(L, "pending: decided_by: a role has no name");
}

/* A role or a list of them, on top of the stack. */
static void deciders_check(lua_State *L, struct waiting *waiting)
{
    lua_Integer count = lua_istable(L, -1) ? (lua_Integer)lua_rawlen(L, -1) : 0;

    memset(waiting->decided_by, 0, sizeof waiting->decided_by);
    if (lua_type(L, -1) == LUA_TSTRING) {
        role_check(L, waiting->decided_by[0]);
        return;
    }
    if (count < 1 || count > DECIDERS_MAX)
        script_error(L, "pending: decided_by must be a role, or a list of at most %d roles",
                     DECIDERS_MAX);
    for (lua_Integer i = 0; i < count; i++) {
        lua_rawgeti(L, -1, i + 1);
        role_check(L, waiting->decided_by[i]);
        lua_pop(L, 1);
    }
}

/* What nobody answers, proxies end after three minutes (RFC 3261 §16.6), and so do people. */
static void ringing_check(lua_State *L, struct waiting *waiting, bool is_given)
{
    bool rings = waiting->meanwhile == MEANWHILE_RING || waiting->meanwhile == MEANWHILE_EARLY;

    if (!rings || waiting->expires <= WAITING_RINGS_MOST)
        return;
    if (is_given)
        script_error(L,
                     "pending: a call cannot be without an answer for more than \"%dm\": let it "
                     "expire earlier, or wait with music",
                     WAITING_RINGS_MOST / 60000);
    waiting->expires = WAITING_RINGS_MOST;
}

param_set waiting_check(lua_State *L, int index, struct waiting *waiting, char *reason,
                        size_t reason_size, struct request_params *params)
{
    const char *names[WAITING_KEYS] = {
        [WAITING_MEANWHILE] = "meanwhile", [WAITING_DECIDED_BY] = "decided_by",
        [WAITING_EXPIRY] = "expires",      [WAITING_REASON] = "reason",
        [WAITING_ANNOUNCE] = "announce",
    };
    param_set set = 0;
    bool is_given = false;

    *waiting = (struct waiting){.expires = WAITING_EXPIRES, .decided_by = {"moderator"}};
    /* The reason is why it waits, never the request's. */
    params_names(PARAM_ALL & ~PARAM(REASON), names);
    if (lua_isnoneornil(L, index))
        return 0;
    params_take_language(L, index, "pending", params);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        unsigned key = key_check(L, -2, "pending", names, WAITING_KEYS);

        if (key == WAITING_MEANWHILE) {
            waiting->meanwhile = meanwhile_check(L);
        } else if (key == WAITING_DECIDED_BY) {
            deciders_check(L, waiting);
        } else if (key == WAITING_EXPIRY) {
            waiting->expires = duration_check(L, -1, "pending: expires", 1, WAITING_MOST / 1000);
            is_given = true;
        } else if (key == WAITING_ANNOUNCE) {
            file_check(L, -1, "pending: announce", waiting->announce, sizeof waiting->announce);
        } else if (key == WAITING_REASON) {
            text_check(L, -1, "pending: the reason", reason, reason_size);
        } else {
            param_take(L, "pending", key, params);
            set |= (param_set)1 << key;
        }
        lua_pop(L, 1);
    }
    ringing_check(L, waiting, is_given);
    return set;
}

/* ---- the class ------------------------------------------------------------------------------ */

void pending_push(lua_State *L, uint64_t id)
{
    handle_push(L, &pending_class, id);
}

/* NULL when it is gone. */
static struct pending *find(lua_State *L, uint64_t id)
{
    return focus_pending(generation_of(L)->engine->focus, id);
}

static struct pending *self(lua_State *L)
{
    return find(L, handle_check(L, 1, &pending_class));
}

static bool exists(lua_State *L, uint64_t id)
{
    return find(L, id) != NULL;
}

int pending_iterate(lua_State *L, const struct conference *conference)
{
    const struct pending *pending = NULL;
    size_t count = 0;
    uint64_t *ids;

    while (conference && (pending = conference_next_pending(conference, pending)))
        count++;
    ids = handle_list(L, count);
    while (conference && (pending = conference_next_pending(conference, pending)))
        *ids++ = pending_id(pending);
    return handle_iterator(L, &pending_class);
}

static int get_id(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)handle_check(L, 1, &pending_class));
    return 1;
}

/* What a hook gets of the request, field `name` of it. */
static int get_of_request(lua_State *L, const char *name)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    request_push(L, pending_request(pending));
    (void)lua_getfield(L, -1, name);
    return 1;
}

static int get_verb(lua_State *L)
{
    return get_of_request(L, "verb");
}

static int get_conference(lua_State *L)
{
    return get_of_request(L, "conference");
}

static int get_actor(lua_State *L)
{
    return get_of_request(L, "actor");
}

static int get_target(lua_State *L)
{
    return get_of_request(L, "target");
}

static int get_uri(lua_State *L)
{
    return get_of_request(L, "uri");
}

static int get_text(lua_State *L)
{
    return get_of_request(L, "text");
}

static int get_package(lua_State *L)
{
    return get_of_request(L, "package");
}

/* What it is to be accepted with. */
static int get_params(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    params_push(L, verb_params(pending_request(pending)->verb), &pending_decision(pending)->params);
    return 1;
}

static int get_since(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    lua_pushinteger(L, pending_since(pending));
    return 1;
}

static int get_expires_at(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    lua_pushinteger(L, pending_expires_at(pending));
    return 1;
}

static int get_reason(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    lua_pushstring(L, pending_decision(pending)->reason);
    return 1;
}

static int get_by(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending)
        return 0;
    lua_pushstring(L, pending_decision(pending)->by);
    return 1;
}

static int get_deciders(lua_State *L)
{
    const struct pending *pending = self(L);
    const struct waiting *waiting;

    if (!pending)
        return 0;
    waiting = &pending_decision(pending)->waiting;
    lua_newtable(L);
    for (unsigned i = 0; i < DECIDERS_MAX && *waiting->decided_by[i]; i++) {
        lua_pushstring(L, waiting->decided_by[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* nil until it is known. */
static int get_decider(lua_State *L)
{
    const struct pending *pending = self(L);

    if (!pending || *pending_decided_by(pending) == '\0')
        return 0;
    lua_pushstring(L, pending_decided_by(pending));
    return 1;
}

static int submit(lua_State *L, const struct request *wish)
{
    uint64_t id = handle_check(L, 1, &pending_class);
    struct focus *focus = generation_of(L)->engine->focus;
    struct decision decision;
    struct actor actor;
    int result;

    command_actor(L, &actor);
    result = pending_submit(focus, &actor, id, wish, &decision);
    if (result)
        return command_refused(L, result, &decision);
    if (decision.participant)
        participant_push(L, decision.participant);
    else
        lua_pushboolean(L, 1);
    return 1;
}

/* pending:approve [{ role = …, … }]: true, or the participant who is in by it, or called */
static int approve(lua_State *L)
{
    const struct pending *pending = self(L);
    struct request_params instead;
    struct request wish = {.params = {.approved = true}};

    if (!pending)
        return handle_gone(L);
    if (!lua_isnoneornil(L, 2)) {
        instead = pending_decision(pending)->params;
        (void)params_check(L, 2, "approve", verb_params(pending_request(pending)->verb), &instead);
        wish.instead = &instead;
    }
    return submit(L, &wish);
}

/* pending:reject([code [, reason]]) */
static int reject(lua_State *L)
{
    struct request wish = {.params = {.code = (int)luaL_optinteger(L, 2, 603)}};
    int code = wish.params.code;

    if (code < 400 || code > 699 || code == 401 || code == 407)
        return luaL_error(L, "reject: the code must be a SIP status from 400 to 699, as in "
                             "reject(403, \"Not today\"), and none that asks for a password");
    if (!lua_isnoneornil(L, 3))
        text_check(L, 3, "reject: the reason", wish.params.reason, sizeof wish.params.reason);
    return submit(L, &wish);
}

static int to_string(lua_State *L)
{
    lua_Integer id = (lua_Integer)handle_check(L, 1, &pending_class);
    struct lua_engine *engine = generation_of(L)->engine;
    const struct pending *pending = engine ? focus_pending(engine->focus, (uint64_t)id) : NULL;

    if (pending)
        lua_pushfstring(L, "pending %s by %s", hook_name(pending_request(pending)->verb),
                        pending_request(pending)->actor.uri);
    else
        lua_pushfstring(L, "pending #%I (gone)", id);
    return 1;
}

static const struct script_function fields[] = {
    {"id", get_id, TO_READ},
    {"verb", get_verb, TO_READ},
    {"conference", get_conference, TO_READ},
    {"actor", get_actor, TO_READ},
    {"target", get_target, TO_READ},
    {"uri", get_uri, TO_READ},
    {"text", get_text, TO_READ},
    {"package", get_package, TO_READ},
    {"params", get_params, TO_READ},
    {"since", get_since, TO_READ},
    {"expires_at", get_expires_at, TO_READ},
    {"reason", get_reason, TO_READ},
    {"by", get_by, TO_READ},
    {"deciders", get_deciders, TO_READ},
    {"decided_by", get_decider, TO_READ},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"approve", approve, TO_ACT}, {"reject", reject, TO_ACT}, {NULL, NULL, 0}};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class pending_class = {
    .name = "pending",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};
