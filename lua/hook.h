/*
 * Inside the script engine: one call of a hook, or one step of a conversation. Focus thread.
 */
#ifndef LUA_HOOK_H
#define LUA_HOOK_H

#include "focus/policy.h"
#include "lua/errors.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

struct hook_stats;

enum { HOOK_DEPTH_MAX = 4 }; /* hooks within commands of hooks */

/* hook.c */
enum hook_outcome { HOOK_SILENT, HOOK_DECIDED, HOOK_FAILED };

/* What signalling asks: who is `user`? */
struct account_question {
    const char *user, *realm;
    const char *peer;        /* who wants to prove it; NULL: nobody */
    struct account *account; /* out */
    bool is_known;           /* out */
};

/* One hook call, or one step of a conversation, which has no policy, no hook and only `call`. On
 * the C stack; hooks nest when a command asks for a decision. */
struct hook_frame {
    struct generation *generation;
    struct conversation *conversation; /* NULL: a hook */
    struct script_policy *policy;
    unsigned hook;
    const struct request *request;        /* of a decision hook */
    const struct conference_event *event; /* of an event hook */
    struct account_question *question;    /* of the hook account */
    struct migration *migration;          /* of the hook migrate */
    const char *test;                     /* the file of a test, which has no policy either */
    struct plan *plan;                    /* of the hook mix: what it says */
    const struct conference *conference;  /* of the hook mix */
    unsigned watched;                     /* of the hook mix: what it has read, see mix_watch */
    struct decision *decision;            /* of a decision hook */
    bool is_decided;
    bool is_refused;                    /* it was not called: its ration was used up */
    bool is_told;                       /* that had been told */
    const char *conference_name, *call; /* for the log; may be NULL */
    const struct actor *behalf;         /* whose wishes it carries out now; NULL: its own */
    char position[POSITION_TEXT];       /* of the command that it gave last */
    struct state_use *states;           /* states looked at in this call. Owned. */
    uint64_t computed;                  /* ns, once it was called */
    unsigned depth;
    struct hook_frame *outer;
};

enum hook_outcome hook_decide(struct generation *generation, struct script_policy *policy,
                              const struct request *request, struct decision *decision);
void hook_event(struct generation *generation, struct script_policy *policy,
                const struct conference_event *event);
/* HOOK_DECIDED: *question has the answer. */
enum hook_outcome hook_account(struct generation *generation, struct script_policy *policy,
                               struct account_question *question);
/* HOOK_DECIDED: it has a plan. */
enum hook_outcome hook_mix(struct generation *generation, struct script_policy *policy,
                           const struct conference *conference, struct mix_answer *answer);
/* False: the hook has failed, `error`, of SCRIPT_TEXT bytes, says why. */
bool hook_migrate(struct generation *generation, struct script_policy *policy,
                  struct migration *migration, char *error);
/* Becomes the innermost one. False when there are too many within each other: it has not. */
bool hook_frame_enter(struct hook_frame *frame);
void hook_frame_leave(struct hook_frame *frame);

/* safety.c */
/* What is decided when a script fails: by the verb, never by the script. */
void decide_safely(const struct request *request, struct decision *decision, const char *by);
/* "reject 500", for the log */
void decision_text(const struct decision *decision, char *text, size_t size);
/* Logs an error of a script, though not each when there are many: its text, "; ", and what comes of
 * it. `what`: "hook join, conference board, call 3f9c". */
void script_report(struct hook_stats *stats, const struct hook_frame *frame, const char *error,
                   const char *what, const char *consequence);

/* account.c */
/* Takes what the hook has returned, at the top of the stack; nil is no account. Raises. */
void account_take(lua_State *L, struct account_question *question);

/* mix.c */
void mix_push(lua_State *L);
/* The hook has ended: its plan is complete. Raises when it cannot be carried out. */
void mix_seal(lua_State *L, const struct hook_frame *frame);
/* If a hook mix runs, its plan depends on that from now on. */
void mix_watch(lua_State *L, enum mix_watch what);
int participant_speaks_to(lua_State *L);
int participant_listens_to(lua_State *L);

#endif
