/*
 * Inside the script engine: the classes of handles, and what their files lend each other. Focus
 * thread.
 */
#ifndef LUA_CLASSES_H
#define LUA_CLASSES_H

#include "lua/handle.h"
#include "lua/params.h"

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>

struct generation;

extern const struct handle_class conference_class, participant_class, call_class, pending_class,
    timer_class, mix_class;
void conference_push(lua_State *L, uint64_t id);
void participant_push(lua_State *L, uint64_t id);

/* conference.c, invite.c */
/* The conference at index 1; NULL when it is gone. */
struct conference *conference_self(lua_State *L);
int conference_invite(lua_State *L);

/* participant.c, standing.c */
/* The participant at index 1; NULL when it is gone. */
struct participant *participant_self(lua_State *L);
/* The same at another index. */
struct participant *participant_at(lua_State *L, int index);
/* Carries out a wish about it, for methods that return true. */
int participant_submit(lua_State *L, struct request *request);
/* Methods. */
int participant_set_role(lua_State *L);
int participant_rename(lua_State *L);
int participant_set_spoken_name(lua_State *L);
int participant_permit(lua_State *L);
int participant_give_floor(lua_State *L);
int participant_take_floor(lua_State *L);
int participant_ask_for_floor(lua_State *L);

/* sidebar.c */
int conference_get_parent(lua_State *L);
int conference_sidebars(lua_State *L);
int conference_sidebar(lua_State *L);
int conference_ask(lua_State *L);
int conference_bring(lua_State *L);
int participant_get_sidebar(lua_State *L);
int participant_get_main(lua_State *L);
int participant_back(lua_State *L);

/* pending.c */
/* pending { … }: the table at `index`, what of it belongs to the request into *params. Returns the
 * parameters that were given. Raises. */
param_set waiting_check(lua_State *L, int index, struct waiting *waiting, char *reason,
                        size_t reason_size, struct request_params *params);
/* conference:pending() */
int pending_iterate(lua_State *L, const struct conference *conference);
void pending_push(lua_State *L, uint64_t id);

/* explain.c */
/* conference:explain(listener, talker). Raises. */
int explain_conference(lua_State *L, const struct conference *conference);
/* participant:explain() */
int explain_participant(lua_State *L, const struct participant *participant);

/* removal.c */
/* conference:remove_all { except = …, role = …, reason = … }. Raises. */
int conference_remove_all(lua_State *L);

/* record.c */
/* conference:record { file = … }, of the conference at index 1, which is NULL when it is gone */
int conference_record_file(lua_State *L, struct conference *conference);
int conference_pause_recording(lua_State *L, struct conference *conference, bool is_paused);

/* describe.c */
/* As struct policy's describe. */
json_t *policies_describe(struct generation *generation, const struct conference *conference);

#endif
