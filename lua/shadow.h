/*
 * Inside the script engine: a policy that is asked beside the live ones, and decides nothing. Focus
 * thread.
 *
 * The candidate stands in for one policy in a generation of its own. It is asked about each request
 * after the live generation has decided, and told each event; what it would do to conferences is
 * not done, and what it writes to conference.state is its own copy.
 */
#ifndef LUA_SHADOW_H
#define LUA_SHADOW_H

#include "lua/lua_engine.h"

#include <jansson.h>

struct generation;
struct conference_state;
struct lua_engine;
struct request;
struct decision;
struct conference_event;

struct shadow {
    struct lua_engine *engine;
    struct generation *generation; /* a reference; NULL: it is over, and this is what it came to */
    char *file, *stands_for;       /* the policy's name */
    char *conference;              /* "": all */
    struct conference_state *states; /* hash by conference: what it has written, or looked at */
    struct loop_timer *end;
    uint64_t requests, differences, errors, left_out; /* the last: for want of time */
    uint64_t window, spent;                           /* ns: when the present one began; in it */
    bool is_asked;                                    /* just now */
    json_t *kinds;                                    /* differences: text → { …, "count" } */
};

/* After the live one has decided; `before` is what it began with. */
void shadow_decide(struct lua_engine *engine, const struct request *request,
                   const struct decision *before, const struct decision *decision);
void shadow_event(struct lua_engine *engine, const struct conference_event *event);
/* An error of the candidate, which does not matter to anybody else. */
void shadow_fail(struct shadow *shadow, const char *error);
/* It is asked no more, for that reason; "": nothing is said. */
void shadow_end(struct lua_engine *engine, const char *why);
void shadow_free(struct lua_engine *engine);
void shadow_forget(struct lua_engine *engine, uint64_t conference);
/* New reference. */
json_t *shadow_status(const struct shadow *shadow);

#endif
