/*
 * Inside the script engine: what scripts keep, and plain data, which is all that can be kept. Focus
 * thread.
 */
#ifndef LUA_STATE_H
#define LUA_STATE_H

#include "lua/lua_engine.h"

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <uthash.h>

struct hook_frame;

#define STATE_LIMIT ((size_t)64 << 10) /* bytes of one conference.state, serialized */

/* The live generation, and the one in reserve, may each have to read it again. */
enum { STATE_FORMS_MOST = 2 };

/* What C keeps of conference.state between hooks. */
struct conference_state {
    uint64_t id;          /* of the conference */
    unsigned char *bytes; /* plain.c's form; NULL: empty */
    size_t size;
    struct kept_state {       /* as it was before migrate */
        unsigned char *bytes; /* NULL: nothing. Owned. */
        size_t size;
        unsigned generation; /* the number of the one that can read it so */
    } before[STATE_FORMS_MOST];
    UT_hash_handle hh;
};

/* state.c, plain.c */
/* Pushes conference.state. Raises. */
void state_push(lua_State *L, uint64_t conference);
/* The table at `index` becomes conference.state. Raises. */
void state_assign(lua_State *L, uint64_t conference, int index);
/* Serializes what the hook has looked at, and keeps it. Raises, and keeps nothing, when a value
 * is not plain. */
void state_commit(lua_State *L, struct hook_frame *frame);
/* Ends the hook's use; when it failed everything is as before. Never raises. */
void state_close(lua_State *L, struct hook_frame *frame, bool failed);
void state_forget(struct lua_engine *engine, uint64_t conference);
/* The same in a hash of them. */
void state_drop(struct conference_state **states, uint64_t conference);
struct conference_state *state_kept(struct conference_state *states, uint64_t conference);
/* Takes the bytes, if true. */
bool state_keep(struct conference_state **states, uint64_t conference, unsigned char *bytes,
                size_t size);
/* What is kept of that conference; NULL: nothing. */
struct conference_state *state_find(const struct lua_engine *engine, uint64_t conference);
/* As it was before it was migrated, if that is how the generation of that number can read it. */
bool state_return(struct conference_state *record, unsigned generation);
/* What is kept of it for that generation; NULL: nothing. */
struct kept_state *state_form(struct conference_state *record, unsigned generation);
/* It is not needed any more. */
void kept_state_drop(struct kept_state *kept);
void state_clear(struct conference_state *record);
void state_open(lua_State *L);

struct plain_error {
    char path[128]; /* ".members[3]" */
    char what[96];  /* "a function cannot be kept" */
};

/* Serializes the value at `index`: boolean, number, string, table of these with string or number
 * keys. *bytesp is to be freed. EINVAL, E2BIG: `error` says where and why; ENOMEM. Never raises. */
int plain_encode(lua_State *L, int index, size_t limit, unsigned char **bytesp, size_t *sizep,
                 struct plain_error *error);
/* Pushes the value. EINVAL when the bytes are none of plain_encode's (nothing is pushed then).
 * Raises when Lua is out of memory. */
int plain_decode(lua_State *L, const unsigned char *bytes, size_t size);

/* The same value as JSON, of tables that are lists or have names for keys. A new reference; NULL:
 * `error` says where and why. Never raises. */
json_t *plain_json(lua_State *L, int index, struct plain_error *error);
/* The table in field "options" of the one at `index`, NULL if there is none. New reference. Raises,
 * as `what`, when it is no plain data. */
json_t *options_field(lua_State *L, int index, const char *what);
/* Pushes JSON as Lua data. Raises when Lua is out of memory. */
void json_push(lua_State *L, const json_t *json);

#endif
