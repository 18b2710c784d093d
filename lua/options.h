/*
 * Inside the script engine: options that policies and applications declare. Focus thread.
 */
#ifndef LUA_OPTIONS_H
#define LUA_OPTIONS_H

#include "focus/focus.h"
#include "lua/generation.h"

#include <lauxlib.h>
#include <lua.h>

/* option_types.c: checks one declaration { type = …, default = … } at the top of the stack and
 * replaces it by its checked form. Raises. */
void option_declare(lua_State *L, const char *key);
/* Replaces the value on top of the stack by its final form for the checked declaration at that
 * index. Raises, as `what`, when it is none that the declaration allows. */
void option_take(lua_State *L, int declaration, const char *what);
/* Makes the table on top of the stack, of options by the declarations at that index, read-only;
 * `what` is as frozen_push has it. */
void options_freeze(lua_State *L, int declarations, const char *what);
/* Pushes the read-only table of options by the declarations of `policy`. Raises. */
void options_build(lua_State *L, const struct conference_config *conference,
                   const struct script_policy *policy);
/* conference.options, as the policy of the running hook declares them. Raises. */
void options_push(lua_State *L, const struct conference *conference);
/* Forgets the tables that options_push made for earlier hooks. Raises. */
void options_renew(lua_State *L);
/* Borrows the conference's strings. */
struct conference_config conference_config_of(const struct conference *conference);
/* Raises when the conference's options do not suit its policies. */
void options_check(lua_State *L, const struct conference_config *conference,
                   const struct policy_stack *stack);

#endif
