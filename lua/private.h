/*
 * Inside the script engine: the engine as a whole. Nobody outside this folder includes this, nor
 * the headers below. Focus thread.
 *
 * generation.h
 *   generation.c   one load of all policies: a Lua state with its memory cap
 *   policy.c       class policy: hooks and options of one file
 *   application.c  an application: the function of one file
 *   stack.c        the policies that decide about one conference
 *   path.c         where policies live, reading their files; listing.c: which there are
 * budget.h
 *   budget.c       instructions, time and memory of one hook call
 *   stats.c        calls, errors and times of hooks
 * ration.h
 *   ration.c       what they may compute in the long run
 * memory.h
 *   memory.c       the allocator: who holds how much
 * errors.h
 *   errors.c       raising errors, and telling them with their position
 *   nearest.c      "did you mean"
 * hook.h
 *   hook.c         one hook call from request or event to verdict; safety.c: what is done when it
 *                  fails
 *   account.c      what the hook account answers
 *   mix.c          what the hook mix says: media policy
 * params.h
 *   params.c       the parameters of requests and verdicts (focus/params.h), for scripts
 *   arguments.c    the tables that hooks get: request, event
 *   verdict.c      accept, reject, challenge
 *   duration.c     "5m"
 * conversation.h
 *   conversation.c one caller's coroutine; wait.c how it waits
 *   call.c         its class; play.c and ask.c: playing to the caller, asking for keys
 *   joining.c      into a conference, out of its mix, back; wait_for.c: what happens there
 *   timer.c        functions that a conversation has run later
 *   errand.c       what it has done meanwhile
 * handle.h
 *   handle.c       what handles have in common
 * classes.h
 *   conference.c and participant.c: the classes; invite.c: whom a conference calls
 *   pending.c      class pending: what waits for a decision; how a verdict lets it wait
 *   explain.c      why somebody does not hear another
 *   standing.c     what participants are: role, shown name, floor, leave to speak
 *   sidebar.c      what conferences and participants have of sidebars
 *   message.c      what is written to them
 *   record.c       recording the caller, or a conference
 *   describe.c     what policies tell of themselves to who subscribes to them
 * contexts.h
 *   contexts.c     from where scripts may call what
 * testing.h
 *   test.c         tests of scripts: declaring and running them; expect.c
 *   simulation.c and caller.c: the classes; web.c who answers for the web
 *   dialing.c      who calls; hearing.c: what callers hear and see
 * options.h
 *   options.c      conference.options; option_types.c: what types, limits and defaults they have
 * state.h
 *   state.c        conference.state, a transaction per hook call; plain.c: its binary form
 *   snapshot.c     what scripts know of a conference, for a recording
 *   plain_json.c   plain data from and to JSON
 * libraries.h
 *   sandbox.c      what a script can see: the allow-list
 *   guards.c       library functions whose work is not instructions: charged before they run
 *   strings.c      find, match, gmatch, gsub; pattern.c (pattern.h) matches, in counted steps
 *   coroutines.c   coroutines that cannot outlive their budget
 *   frozen.c       read-only tables
 *   parley.c       the table `parley`; zone.c: parley.time; facts.c: parley.fact
 *   create.c       parley.create; behalf.c: parley.on_behalf
 *   spoken.c       numbers, dates and the like that are said: their values
 *   language.c     the rules of languages, by which they are
 *   prompt_names.c which prompts a script's text names
 *   http.c, store.c  of applications: the web, and what they keep
 *   json.c, base64.c  the libraries of these names
 * generations.h
 *   loading.c      makes a generation of what is in the files; reload.c: all go to a new one
 *   pins.c         conferences that do not follow; migrate.c: conference.state on the way
 * probation.h
 *   failures.c     errors of a generation, counted; probation.c: what comes of them after a reload
 * shadow.h
 *   shadow.c       a policy that is asked beside the live ones
 * engine.c         what the focus calls; status.c: what the engine tells of itself
 * api.c            `parley api`: what scripts can use, as lua/api/ describes it
 *
 * Two rules hold everywhere. Nothing that needs releasing is held in C across a call that can raise
 * a Lua error. And no Lua error ever crosses the focus: each way in ends in a lua_pcall.
 */
#ifndef LUA_PRIVATE_H
#define LUA_PRIVATE_H

#include "focus/application.h"
#include "focus/policy.h"
#include "lua/lua_engine.h"
#include "lua/probation.h"
#include "lua/ration.h"

#include <jansson.h>
#include <uthash.h>

enum { WATCHERS = 256 }; /* lists of them */

struct lua_engine {
    struct loop *loop;
    struct focus *focus;
    char *config_file;
    struct generation *generation;  /* the live one */
    struct generation *generations; /* all that are alive, newest first */
    unsigned last_number;           /* of a generation that decided about anything */
    struct conference_pin *pins;    /* hash by conference */
    struct generation *candidate;   /* for the next reload. A reference; NULL: there is none */
    struct probation probation;
    struct rations rations;
    struct shadow *shadow;                   /* NULL: there was none */
    struct conference_state *states;         /* hash by id */
    struct conversation *conversations;      /* hash by their visitors' ids */
    struct conversation *watchers[WATCHERS]; /* lists, by the conference that they watch */
    uint64_t event_count;                    /* events told so far, the present one included */
    json_t *facts;                           /* by name */
    void (*fact_set)(void *arg, const struct actor *actor, const char *name, const json_t *value);
    void *fact_set_arg;
    const struct fetching *fetching; /* NULL: there is no web client */
    const struct storing *storing;   /* NULL: there is no store */
    struct policy policy;
    struct application application;
    char *language; /* "en" */
};

#endif
