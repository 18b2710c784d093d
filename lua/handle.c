/*
 * Handles: what scripts hold of conferences and participants. A handle is an id, looked up at each
 * use; when its object is gone, fields are nil and methods return nil, "gone", 410. Unknown fields
 * are errors, for they are slips of the pen.
 */
#include "lua/handle.h"
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/hook.h"

#include <errno.h>
#include <string.h>

enum {
    NAMES_MAX = 64,
    COMMAND_COST = 100, /* instructions of a budget */
};

struct handle {
    uint64_t id;
};

static size_t names_add(const char **names, size_t count, const struct script_function *entries)
{
    for (; entries && entries->name && count < NAMES_MAX; entries++)
        names[count++] = entries->name;
    return count;
}

static const struct handle_class *class_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static const struct script_function *function_find(const struct script_function *entries,
                                                   const char *name)
{
    while (entries && entries->name && strcmp(entries->name, name) != 0)
        entries++;
    return entries && entries->name ? entries : NULL;
}

/* Pushes the nearest name of a field or method, as nearest_push. */
static const char *field_nearest_push(lua_State *L, const struct handle_class *class,
                                      const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = names_add(names, names_add(names, 0, class->fields), class->methods);

    return nearest_push(L, name, names, count);
}

/* Upvalues: class, fields by name, methods by name. */
static int handle_index(lua_State *L)
{
    const struct handle_class *class = class_upvalue(L);
    const struct script_function *field;
    const char *name;

    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TLIGHTUSERDATA) {
        field = lua_touserdata(L, -1);
        lua_settop(L, 2);
        context_check(L, class->name, ".", field);
        return field->function(L);
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(3)) == LUA_TFUNCTION)
        return 1;
    name = luaL_tolstring(L, 2, NULL);
    return luaL_error(L, "a %s has no field '%s'%s", class->name, name,
                      field_nearest_push(L, class, name));
}

static int handle_newindex(lua_State *L)
{
    const struct handle_class *class = class_upvalue(L);
    const char *name = luaL_tolstring(L, 2, NULL), *nearest;
    const struct script_function *setter = function_find(class->setters, name);

    if (setter) {
        context_check(L, lua_pushfstring(L, "setting %s", class->name), ".", setter);
        return setter->function(L);
    }
    nearest = field_nearest_push(L, class, name);
    if (*nearest && !function_find(class->fields, name))
        return luaL_error(L, "a %s has no field '%s'%s", class->name, name, nearest);
    return luaL_error(L,
                      "cannot set '%s' of a %s: use its methods, or conference.state for data "
                      "of your own",
                      name, class->name);
}

static int handle_equals(lua_State *L)
{
    const struct handle_class *class = class_upvalue(L);
    const struct handle *a = luaL_testudata(L, 1, class->name);
    const struct handle *b = luaL_testudata(L, 2, class->name);

    lua_pushboolean(L, a && b && a->id == b->id);
    return 1;
}

static void fields_push(lua_State *L, const struct script_function *fields)
{
    lua_newtable(L);
    for (; fields->name; fields++) {
        lua_pushlightuserdata(L, (void *)fields);
        lua_setfield(L, -2, fields->name);
    }
}

void handle_class_open(lua_State *L, const struct handle_class *class)
{
    (void)luaL_newmetatable(L, class->name);
    luaL_setfuncs(L, class->metamethods, 0);
    lua_pushlightuserdata(L, (void *)class);
    fields_push(L, class->fields);
    lua_newtable(L);
    functions_set(L, class->name, ":", class->methods);
    lua_pushcclosure(L, handle_index, 3);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, (void *)class);
    lua_pushcclosure(L, handle_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushlightuserdata(L, (void *)class);
    lua_pushcclosure(L, handle_equals, 1);
    lua_setfield(L, -2, "__eq");
    metatable_hide(L);
    lua_pop(L, 1);

    /* The handles that exist, by id, as long as a script holds them. */
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, class);
}

void handle_push(lua_State *L, const struct handle_class *class, uint64_t id)
{
    struct handle *handle;

    luaL_checkstack(L, 4, NULL);
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, class);
    if (lua_rawgeti(L, -1, (lua_Integer)id) == LUA_TUSERDATA) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    handle = lua_newuserdatauv(L, sizeof *handle, 0);
    handle->id = id;
    luaL_setmetatable(L, class->name);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)id);
    lua_remove(L, -2);
}

uint64_t handle_check(lua_State *L, int index, const struct handle_class *class)
{
    const struct handle *handle = luaL_checkudata(L, index, class->name);

    return handle->id;
}

int handle_gone(lua_State *L)
{
    return failure_push(L, "gone", 410);
}

/* Upvalues: class, ids (0 ends them), next index. */
static int iterator_next(lua_State *L)
{
    const struct handle_class *class = class_upvalue(L);
    const uint64_t *ids = lua_touserdata(L, lua_upvalueindex(2));
    lua_Integer next = lua_tointeger(L, lua_upvalueindex(3));

    while (ids[next] && !class->exists(L, ids[next]))
        next++;
    if (ids[next] == 0)
        return 0;
    handle_push(L, class, ids[next]);
    lua_pushinteger(L, next + 1);
    lua_replace(L, lua_upvalueindex(3));
    return 1;
}

uint64_t *handle_list(lua_State *L, size_t count)
{
    uint64_t *ids = lua_newuserdatauv(L, (count + 1) * sizeof *ids, 0);

    budget_charge(L, count);
    memset(ids, 0, (count + 1) * sizeof *ids);
    return ids;
}

int handle_iterator(lua_State *L, const struct handle_class *class)
{
    lua_pushlightuserdata(L, (void *)class);
    lua_insert(L, -2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, iterator_next, 3);
    return 1;
}

void command_actor(lua_State *L, struct actor *actor)
{
    struct hook_frame *frame = generation_of(L)->frame;
    const struct script_application *application =
        frame->conversation ? frame->conversation->application : NULL;

    budget_charge(L, COMMAND_COST);
    position_text(L, 1, frame->position, sizeof frame->position);
    if (frame->behalf) {
        *actor = *frame->behalf;
        return;
    }
    *actor = (struct actor){
        .kind = ACTOR_SCRIPT,
        .uri = frame->test   ? frame->test
               : application ? application->display
                             : frame->policy->display,
        .position = frame->position,
        .user = frame->test   ? "test"
                : application ? application->name
                              : frame->policy->name,
        .host = "",
        .display_name = "",
        .user_agent = "",
        .peer = "",
        .authenticated = true,
    };
}

int command_run(lua_State *L, struct request *request, struct decision *decision)
{
    command_actor(L, &request->actor);
    return command_carry(L, request, decision);
}

int command_carry(lua_State *L, struct request *request, struct decision *decision)
{
    const struct generation *generation = generation_of(L);

    request->conference_name = conference_name(request->conference);
    request->call = generation->frame->call;
    return focus_submit(generation->engine->focus, request, decision);
}

void metatable_hide(lua_State *L)
{
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

void class_open(lua_State *L, const char *name, const luaL_Reg *metamethods)
{
    (void)luaL_newmetatable(L, name);
    luaL_setfuncs(L, metamethods, 0);
    metatable_hide(L);
    lua_pop(L, 1);
}

int failure_push(lua_State *L, const char *why, int code)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    if (code == 0)
        return 2;
    lua_pushinteger(L, code);
    return 3;
}

int refusal_push(lua_State *L, const struct decision *decision)
{
    return failure_push(L, *decision->reason ? decision->reason : "refused by the policy",
                        decision->code);
}

int command_refused(lua_State *L, int result, const struct decision *decision)
{
    if (result == ENOENT || result == EINVAL)
        return handle_gone(L);
    if (result == EINPROGRESS) {
        (void)failure_push(L, "It waits for a decision", 202);
        pending_push(L, decision->pending);
        return 4;
    }
    return refusal_push(L, decision);
}

int command_submit(lua_State *L, struct request *request)
{
    struct decision decision;
    int result = command_run(L, request, &decision);

    if (result)
        return command_refused(L, result, &decision);
    lua_pushboolean(L, 1);
    return 1;
}
