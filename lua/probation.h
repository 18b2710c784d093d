/*
 * Inside the script engine: new scripts have to prove themselves. Focus thread.
 *
 * After a reload the generation before is kept in reserve, for some time. When too many errors
 * happen meanwhile, it comes back by itself. A conference that was sent ahead is called back in the
 * same way, as long as it is ahead.
 */
#ifndef LUA_PROBATION_H
#define LUA_PROBATION_H

#include "lua/failures.h"
#include "lua/lua_engine.h"

#include <jansson.h>

struct generation;
struct migration;

struct probation {
    struct probation_config config;
    struct generation *reserve; /* what would come back. A reference; NULL: nothing would */
    struct loop_timer *end, *look;
    void (*told)(void *arg); /* when it has come back; NULL: nobody is */
    void *told_arg;
    json_t *returned; /* what has come back since the last reload, for the status; NULL: nothing */
};

/* An error of a script, which begins with its position, was told. `party`: who has brought it
 * about, see failures.h. */
void probation_fail(struct generation *generation, const char *error, const char *party);
/* The live generation is about to become another one, which is not there yet: it is what would come
 * back, unless it has failed itself while the one before it was there to come back. Takes the
 * engine's reference to it. */
void probation_begin(struct lua_engine *engine);
/* Whether that generation may come back to states that are kept for it. */
bool probation_may_return(const struct lua_engine *engine, unsigned number);
/* Nothing comes back any more. */
void probation_close(struct lua_engine *engine);

#endif
