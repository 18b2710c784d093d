/*
 * Inside the script engine: handles, and the commands that scripts give by them. Focus thread.
 */
#ifndef LUA_HANDLE_H
#define LUA_HANDLE_H

#include "focus/request.h"
#include "lua/contexts.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

struct handle_class {
    const char *name;
    /* Getters: handle at 1, push one value or return 0 for nil. */
    const struct script_function *fields;
    const struct script_function *methods; /* called as handle:method(...) */
    /* Fields that can be set: the value is at 3. May be NULL. */
    const struct script_function *setters;
    const luaL_Reg *metamethods;
    bool (*exists)(lua_State *L, uint64_t id);
};

void handle_class_open(lua_State *L, const struct handle_class *class);
/* The same id always gives the same handle, so that handles can be table keys. */
void handle_push(lua_State *L, const struct handle_class *class, uint64_t id);
/* Raises when the argument is not a handle of that class. */
uint64_t handle_check(lua_State *L, int index, const struct handle_class *class);
/* What methods return for somebody who is no longer there: nil, "gone", 410. */
int handle_gone(lua_State *L);
/* Pushes room for `count` ids, to be filled in; handle_iterator turns it into a function that
 * gives one handle after the other. The ids are copied at once, so whatever happens meanwhile does
 * not disturb it; who is gone by then is left out. */
uint64_t *handle_list(lua_State *L, size_t count);
int handle_iterator(lua_State *L, const struct handle_class *class);
/* Who asks when the script that runs does: for functions that are TO_ACT. */
void command_actor(lua_State *L, struct actor *actor);
/* Carries out what a script asks for. As focus_submit. */
int command_run(lua_State *L, struct request *request, struct decision *decision);
/* The same when request->actor says who asks; command_actor has been called. */
int command_carry(lua_State *L, struct request *request, struct decision *decision);
/* Scripts cannot look into the metatable on top of the stack, nor change it. */
void metatable_hide(lua_State *L);
/* A metatable of that name, which scripts cannot look into. Metamethods end with {NULL, NULL}. */
void class_open(lua_State *L, const char *name, const luaL_Reg *metamethods);
/* What functions return that could not do it: nil, why, and the SIP status that says the same; 0:
 * there is none. */
int failure_push(lua_State *L, const char *why, int code);
/* The same for a wish that was refused; a policy need not say why. */
int refusal_push(lua_State *L, const struct decision *decision);
/* What the method returns when that was not 0: nil, why, code; nil, why, 202 and the pending when
 * it waits for a decision; or nil, "gone", 410. */
int command_refused(lua_State *L, int result, const struct decision *decision);
/* Both, for methods that return true. */
int command_submit(lua_State *L, struct request *request);

#endif
