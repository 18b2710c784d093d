/* What a caller of a test hears and sees. */
#include "lua/errors.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/state.h"
#include "lua/testing.h"

#include <math.h>
#include <string.h>

enum {
    PATIENCE = 10000,     /* ms in which something is to be heard */
    PATIENCE_MOST = 3600, /* s */
    STEP = 100,           /* ms */
};

static const struct simulating *port_of(lua_State *L)
{
    return tester_of(L)->port;
}

/* caller:hears(other): dB, to a tenth; nil: not at all */
int caller_hears(lua_State *L)
{
    float gain = port_of(L)->hears(caller_at(L, 1), caller_at(L, 2));

    if (gain <= GAIN_OFF)
        return 0;
    lua_pushnumber(L, round((double)gain * 10) / 10);
    return 1;
}

/* ---- files and messages --------------------------------------------------------------------- */

static int texts_push(lua_State *L, const char *(*at)(const struct call *call, unsigned index))
{
    const struct call *call = caller_at(L, 1);
    const char *text;

    lua_newtable(L);
    for (unsigned i = 0; (text = at(call, i)); i++) {
        lua_pushstring(L, text);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* caller:heard(): what has been played to it, in its order */
int caller_heard(lua_State *L)
{
    return texts_push(L, port_of(L)->heard);
}

/* caller:playing(): what plays to it now */
int caller_playing(lua_State *L)
{
    return texts_push(L, port_of(L)->plays);
}

/* caller:received(): the messages that came, in their order */
int caller_received(lua_State *L)
{
    return texts_push(L, port_of(L)->read);
}

/* Whether it has heard it since what was heeded last; then it is, up to that. */
static bool heed(lua_State *L, struct call *call, const char *wanted)
{
    unsigned *heeded = port_of(L)->heeded(call);
    const char *name;

    for (unsigned i = *heeded; (name = port_of(L)->heard(call, i)); i++) {
        if (strcmp(name, wanted) == 0) {
            *heeded = i + 1;
            return true;
        }
    }
    return false;
}

/* Pushes "what was heard since". */
static const char *unheeded_push(lua_State *L, struct call *call)
{
    const char *name;
    luaL_Buffer buffer;

    luaL_buffinit(L, &buffer);
    for (unsigned i = *port_of(L)->heeded(call); (name = port_of(L)->heard(call, i)); i++) {
        luaL_addstring(&buffer, luaL_bufflen(&buffer) > 0 ? ", \"" : "\"");
        luaL_addstring(&buffer, name);
        luaL_addchar(&buffer, '"');
    }
    if (luaL_bufflen(&buffer) == 0)
        luaL_addstring(&buffer, "nothing");
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}

static const char *user_of(lua_State *L, const struct call *call)
{
    return port_of(L)->info(call)->caller.user;
}

/* caller:must_hear(file [, within]): it does, after what it had to hear before */
int caller_must_hear(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *wanted = luaL_checkstring(L, 2);
    unsigned ms = lua_isnoneornil(L, 3)
                      ? PATIENCE
                      : duration_check(L, 3, "must_hear: the time", 0, PATIENCE_MOST);

    for (unsigned waited = 0; !heed(L, call, wanted); waited += STEP) {
        if (waited >= ms)
            script_error(L, "%s must hear \"%s\" within %f s, and has heard %s", user_of(L, call),
                         wanted, (lua_Number)ms / 1000, unheeded_push(L, call));
        simulation_advance(L, STEP);
    }
    lua_settop(L, 1);
    return 1;
}

/* caller:must_not_hear(file [, within]): not since what it had to hear */
int caller_must_not_hear(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *unwanted = luaL_checkstring(L, 2);

    if (!lua_isnoneornil(L, 3))
        simulation_advance(L, duration_check(L, 3, "must_not_hear: the time", 0, PATIENCE_MOST));
    if (heed(L, call, unwanted))
        script_error(L, "%s must not hear \"%s\", and has", user_of(L, call), unwanted);
    lua_settop(L, 1);
    return 1;
}

/* ---- documents ------------------------------------------------------------------------------ */

static int refused_push(lua_State *L, const struct subscriber *subscriber)
{
    return failure_push(L, *subscriber->reason ? subscriber->reason : "refused", subscriber->code);
}

/* caller:document([package]): as its phone would be told that subscribes */
int caller_document(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const char *package = luaL_optstring(L, 2, "conference");
    struct subscriber subscriber;
    struct body *body = port_of(L)->document(call, package, &subscriber);

    if (!body)
        return refused_push(L, &subscriber);
    /* A want of memory here would leave the body: it is the test's end anyway. */
    lua_pushlstring(L, body->data, body->size);
    body_unref(body);
    return 1;
}

/* Of the document, the user of that URI; NULL: it does not have it. */
static const json_t *user_in(const json_t *document, const char *uri)
{
    return json_object_get(json_object_get(document, "users"), uri);
}

/* caller:sees([other]): the conference's document as a table, or what it says of another caller */
int caller_sees(lua_State *L)
{
    struct call *call = caller_at(L, 1);
    const struct call *other = lua_isnoneornil(L, 2) ? NULL : caller_at(L, 2);
    struct subscriber subscriber;
    json_t *document = port_of(L)->sees(call, &subscriber);
    const json_t *seen = document;

    if (!document)
        return refused_push(L, &subscriber);
    if (other)
        seen = user_in(document, port_of(L)->info(other)->caller.uri);
    lua_settop(L, 1);
    lua_pushnil(L);
    if (seen)
        json_push(L, seen); /* as above */
    json_decref(document);
    return 1;
}
