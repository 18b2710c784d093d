/* The web of a simulated server, which a function of the test answers for. */
#include "lua/generation.h"
#include "lua/private.h"
#include "lua/testing.h"

#include <string.h>

static void headers_push(lua_State *L, const struct fetch_request *request)
{
    lua_createtable(L, 0, (int)request->header_count);
    for (unsigned i = 0; i < request->header_count; i++) {
        lua_pushstring(L, request->headers[i].value);
        lua_setfield(L, -2, request->headers[i].name);
    }
}

static void request_push(lua_State *L, const struct fetch_request *request)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, request->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, request->url);
    lua_setfield(L, -2, "url");
    headers_push(L, request);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, request->body ? request->body : "", request->body_size);
    lua_setfield(L, -2, "body");
}

/* What the function has returned, on top of the stack, which the tester keeps until the next. */
static void answer_take(lua_State *L, struct tester *tester, struct fetch_answer *answer)
{
    size_t size = 0;

    luaL_unref(L, LUA_REGISTRYINDEX, tester->web_answer);
    lua_pushvalue(L, -1);
    tester->web_answer = luaL_ref(L, LUA_REGISTRYINDEX);
    answer->status = 200;
    if (lua_istable(L, -1)) {
        if (lua_getfield(L, -1, "status") != LUA_TNIL)
            answer->status = (unsigned)luaL_checkinteger(L, -1);
        lua_pop(L, 1);
        (void)lua_getfield(L, -1, "body");
    } else if (lua_isnil(L, -1)) {
        answer->problem = "the host cannot be reached";
    }
    if (lua_type(L, -1) == LUA_TSTRING) /* in the table it stays where it is */
        answer->body = lua_tolstring(L, -1, &size);
    answer->body_size = size;
}

struct question {
    struct tester *tester;
    const struct fetch_request *request;
    struct fetch_answer *answer;
};

static int ask_body(lua_State *L)
{
    const struct question *question = lua_touserdata(L, 1);

    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, question->tester->web);
    request_push(L, question->request);
    lua_call(L, 1, 1);
    answer_take(L, question->tester, question->answer);
    return 0;
}

static void on_request(const struct fetch_request *request, struct fetch_answer *answer, void *arg)
{
    struct generation *generation = arg;
    struct question question = {generation->tester, request, answer};
    lua_State *L = generation->running;

    if (!lua_checkstack(L, LUA_MINSTACK)) {
        answer->problem = "out of memory";
        return;
    }
    lua_pushcfunction(L, message_handler);
    lua_pushcfunction(L, ask_body);
    lua_pushlightuserdata(L, &question);
    if (lua_pcall(L, 1, 0, -3) != LUA_OK) {
        tester_note(generation->tester, lua_tostring(L, -1));
        answer->problem = "the test that answers for the web has failed";
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

int simulation_web(lua_State *L)
{
    struct tester *tester = tester_of(L);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    luaL_unref(L, LUA_REGISTRYINDEX, tester->web);
    tester->web = luaL_ref(L, LUA_REGISTRYINDEX);
    tester->port->answer_web(tester->simulation, on_request, generation_of(L));
    return 0;
}
