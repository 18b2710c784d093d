/*
 * Which generation decides about which conference, and how conferences go from one to another.
 * Inside the script engine, focus thread.
 *
 *   loading.c      makes a generation of what is in the files now, and checks all of it
 *   reload.c       all conferences go to a new one
 *   pins.c         single ones do, or stay behind
 *   migrate.c      conference.state, when the version of a policy changes on the way
 *
 * A generation lives as long as something holds a reference to it: the engine (the live one), a
 * pin, a conversation that has begun on it, a hook on the C stack.
 */
#ifndef LUA_GENERATIONS_H
#define LUA_GENERATIONS_H

#include "lua/private.h"

#include <lua.h>

enum { GENERATIONS_MOST = 16 }; /* alive at the same time */

/* A conference that does not follow the live generation. Its sidebars are where it is. */
struct conference_pin {
    uint64_t id;                   /* of the conference */
    struct generation *generation; /* a reference */
    bool is_canary;                /* until the next reload; others stay through all of them */
    UT_hash_handle hh;
};

/* ---- loading.c ------------------------------------------------------------------------------ */

/* What is in the files now, checked. EINVAL, ENOMEM, EBUSY: `error` says why. */
int generation_make(struct lua_engine *engine, const struct lua_engine_demand *demand,
                    struct generation **generationp, char *error, size_t error_size);

/* Whether it can decide about all conferences that are to go, as they are and as they are to be. As
 * generation_make. */
int generation_check_all(struct lua_engine *engine, struct generation *generation,
                         const struct lua_engine_demand *demand, char *error, size_t error_size);

/* ---- engine.c ------------------------------------------------------------------------------- */

/* The policies that decide about the request's conference are asked in their order; the first
 * verdict counts. */
void generation_decide(struct generation *generation, const struct request *request,
                       struct decision *decision);
/* All of them are told. */
void generation_tell(struct generation *generation, const struct conference *conference,
                     const struct conference_event *event);

/* ---- pins.c --------------------------------------------------------------------------------- */

/* The one that decides about the conference; NULL: about what is not there yet. */
struct generation *generation_deciding(const struct lua_engine *engine,
                                       const struct conference *conference);
/* The conference's pin, or that of the one whose sidebar it is; NULL: it follows the live one. */
struct conference_pin *pin_find(const struct lua_engine *engine,
                                const struct conference *conference);
/* Those that were to be until the next reload, or, `all`, every one. */
void pins_drop(struct lua_engine *engine, bool all);
/* The generation, which it takes the reference of, decides about the conference from now on, until
 * the next reload. As generation_make. */
int pin_ahead(struct lua_engine *engine, struct conference *conference,
              struct generation *generation, char *error, size_t error_size);
/* Whether it is one that is by itself, and no sidebar; `error` says so. */
bool pin_may_be(const struct conference *conference, char *error, size_t error_size);
void pin_forget(struct lua_engine *engine, uint64_t conference);

/* ---- migrate.c ------------------------------------------------------------------------------ */

/* A conference.state on its way to another version of a policy. */
struct migration {
    struct conference_state *record;
    const char *conference; /* its name */
    unsigned char *bytes;   /* as far as it has come; NULL: empty. Owned. */
    size_t size;
    unsigned version;  /* of the policy that wrote it, while that policy's next one is asked */
    unsigned from;     /* number of the generation that could read it */
    uint64_t computed; /* ns, by the hook migrate that was asked last */
    bool is_return;    /* to a form that was kept for that */
    struct migration *next;
};

/* All that one reload brings about, which has the focus thread for as long as it takes. */
struct migrations {
    struct migration *list;
    uint64_t computed; /* ns, by hooks migrate */
    unsigned asked;    /* conferences that they were asked about */
};

/* Adds to the list what becomes of the conference's state when `to` decides instead of `from`: what
 * was kept for that when it comes back to it, else what its hooks migrate make of it. On
 * copies: nothing changes until migrations_keep. EINVAL, ENOMEM: `error` says why. */
int migration_add(struct migrations *migrations, const struct conference *conference,
                  struct generation *from, struct generation *to, char *error, size_t error_size);
/* They become the states. What was there before is kept for a return. */
void migrations_keep(const struct lua_engine *engine, struct migrations *migrations);
void migrations_free(struct migrations *migrations);
/* Pushes the state; takes what the hook returned, at the top of the stack, or else what it was
 * given, at `given`. Raise. */
void migration_push(lua_State *L, const struct migration *migration);
void migration_take(lua_State *L, struct migration *migration, int given);

#endif
