/*
 * Inside the script engine: one load of all policies and applications, in a Lua state of its own.
 * Focus thread.
 */
#ifndef LUA_GENERATION_H
#define LUA_GENERATION_H

#include "focus/event.h"
#include "focus/request.h"
#include "lua/budget.h"
#include "lua/lua_engine.h"
#include "lua/probation.h"
#include "lua/ration.h"

#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <time.h>

enum {
    /* Decision hooks by verb, then event hooks, then the one that is asked for accounts, and the
     * one for the mix, and the one that brings conference.state to a new version. */
    HOOK_ACCOUNT = VERB_COUNT + EVENT_COUNT,
    HOOK_MIX,
    HOOK_MIGRATE,
    HOOK_COUNT,
};

#define SOURCE_LIMIT ((size_t)1 << 20) /* bytes of a policy file */

/* policy.c */
struct policy_hook {
    int function;         /* reference; LUA_NOREF: the policy has no such hook */
    int line;             /* where the function begins */
    struct ration ration; /* of a hook that is about no conference */
    struct hook_stats stats;
};

/* One policy file in one generation. */
struct script_policy {
    char *name;       /* as conferences name it */
    char *display;    /* how the operator knows the file: "policy/open.lua" */
    char *error;      /* why it could not be loaded; NULL: it is good */
    bool is_made;     /* while loading: parley.policy was called */
    unsigned version; /* of what it keeps in conference.state, from 1 */
    struct memory_share memory;
    struct conference_ration *rations;     /* hash by conference */
    int object;                            /* reference to the object that the file returned */
    struct policy_hook *hooks[HOOK_COUNT]; /* NULL: the policy has no such hook */
    struct script_policy *next;
};

/* The hook's name in Lua: verbs and events as in the headers. */
const char *hook_name(unsigned hook);
void policy_class_open(lua_State *L);
/* parley.policy(table) */
int policy_make(lua_State *L);
/* The policy on top of the stack becomes `policy`'s: hooks are taken from it, it is popped.
 * Raises. */
void policy_take(lua_State *L, struct script_policy *policy);
/* Pushes the name that it gives itself, which says nothing of files. */
void policy_push_own_name(lua_State *L, const struct script_policy *policy);
/* Pushes the table of declared options. */
void policy_push_declarations(lua_State *L, const struct script_policy *policy);

/* The conference is gone. */
void policies_forget(struct generation *generation, uint64_t conference);

/* application.c */
/* What calls to one user part talk with, in one generation. */
struct script_application {
    char *name;            /* the user part: "9000" */
    char *display;         /* "scripts/reception.lua" */
    int function;          /* reference */
    int line;              /* where the function begins */
    const json_t *options; /* of the config; NULL: none. The generation's */
    bool has_options;      /* while loading: parley.options was called */
    struct memory_share memory;
    struct hook_stats stats; /* of its steps from wait to wait */
    struct script_application *next;
};

/* Loads all that the config names, as { user part: script }, or { user part: { script, options } }.
 * Errors as generation_policy. */
int applications_load(struct generation *generation, const json_t *config, char *error,
                      size_t error_size);
/* parley.options { key = { type = …, default = … } }: what the config says of them, while the
 * application's file is run */
int application_options(lua_State *L);
/* The function on top of the stack becomes the application's, it is popped. Raises. */
void application_take(lua_State *L, struct script_application *application);
/* NULL: there is none. */
struct script_application *application_find(const struct generation *generation, const char *name);
void applications_free(struct generation *generation);
/* New reference. */
json_t *applications_status(const struct generation *generation);

/* generation.c */
struct hook_frame;

struct generation {
    lua_State *L;              /* the main thread */
    lua_State *running;        /* what runs now: L or a coroutine */
    struct lua_engine *engine; /* NULL for `parley check`; borrowed */
    unsigned number;
    char *site_policy; /* its name or path; "" for `parley check` */
    time_t since;
    unsigned references;
    size_t memory, memory_limit;   /* bytes */
    struct budget *budget;         /* of the innermost call; NULL: nothing runs */
    struct hook_frame *frame;      /* the innermost hook call; NULL: no hook runs */
    struct script_policy *loading; /* the one whose file is being run */
    struct script_application *loading_application; /* the same; of a file to be checked, both */
    struct tester *tester; /* whose tests are in its file; NULL: nobody's */
    struct script_policy *policies;
    struct script_application *applications;
    json_t *applications_config; /* what they were loaded from */
    json_t *files;               /* { path of what was read: hash of that } */
    json_t *tested;              /* of them, those with self-tests */
    unsigned selftest_count;
    struct zone *zones;      /* looked at so far; list */
    struct generation *next; /* the one before it that is still alive */
    struct failures failures;
    struct shadow *shadow; /* what it is of, and so decides nothing; NULL: none */
    json_t *languages; /* { "en": reference to the rules for what is said }; NULL: none is known */
};

/* ENOMEM. It is among the engine's from here on. */
int generation_create(struct lua_engine *engine, unsigned number, const char *site_policy,
                      struct generation **generationp);
void generation_release(struct generation *generation);
struct generation *generation_of(lua_State *L);
/* In a test, or a replay, where the same is to come of the same whenever it is run. */
bool generation_is_virtual(const struct generation *generation);
/* The policy of that name, loaded when it is not yet. EINVAL, ENOENT, ENOMEM: `error` says why. A
 * failure is remembered, so that a file is not read at every call. */
int generation_policy(struct generation *generation, const char *name,
                      struct script_policy **policyp, char *error, size_t error_size);
/* The same if it is loaded, and good; else NULL. */
struct script_policy *generation_loaded(const struct generation *generation, const char *name);
/* Runs a file, which is to return what it makes: a policy, or an application, or a
 * language's rules; the others are NULL.
 * EINVAL, ENOMEM, or the errno of reading it: `error` says why. */
struct script_file {
    const char *path, *display;
    struct script_policy *policy;
    struct script_application *application;
    const char *language;
    bool may_be_nothing; /* it has tests, and need not return anything … */
    bool is_nothing;     /* … and does not */
    char *source;        /* while it is loaded */
    size_t length;
};
int generation_run(struct generation *generation, struct script_file *file, char *error,
                   size_t error_size);
/* The path of a file that is not what it was made of any longer; NULL: there is none. Its. */
const char *generation_rewritten(const struct generation *generation);
/* Loads a policy file under a name. */
int generation_load(struct generation *generation, const char *name, const char *path,
                    const char *display, struct script_policy **policyp, char *error,
                    size_t error_size);
/* Whether a file is a good policy or application. EINVAL, ENOMEM: `error` says why. */
int generation_check_file(struct generation *generation, const char *path, char *error,
                          size_t error_size);
/* Loads a file with tests: a script, or one that returns nothing. Errors as above. */
int generation_load_tests(struct generation *generation, const char *path, bool *is_scriptp,
                          bool *is_policyp, char *error, size_t error_size);
/* Loads the conference's policy and checks that its options suit. EINVAL and as generation_policy:
 * `error` says why. */
int generation_check_conference(struct generation *generation,
                                const struct conference_config *conference, char *error,
                                size_t error_size);

/* stack.c */
enum {
    STACK_MOST = 9,    /* policies that decide about one conference */
    POLICY_NAME = 256, /* bytes of a policy's name with its NUL, or of the names of a stack */
};

/* A walk along a stack; begins with the first two fields set, and the others zero. */
struct policy_stack {
    struct generation *generation;
    const char *own; /* the names of the conference's own policies; may be NULL */
    unsigned next, count;
    struct script_policy *policies[STACK_MOST]; /* those that were there so far */
    char name[POLICY_NAME];                     /* the last one's */
};

/* The next policy, loaded; NULL after the last one. Errors as generation_policy. */
int stack_next(struct policy_stack *stack, struct script_policy **policyp, char *error,
               size_t error_size);
/* The name of that number, from 0, in `own`. False: there are not so many. */
bool stack_name(const char *own, unsigned index, char *name, size_t size);
/* Pushes the list of all names, the site's policy first. */
void stack_push_names(lua_State *L, const char *site, const char *own);
/* Takes the name, or the list of names, on top of the stack, as `own`. Raises, as `what`. */
void stack_take(lua_State *L, const char *what, char *text, size_t size);

/* path.c */
/* How errors name the script: "policy/open.lua" for "open", a path as it is. */
void script_display(const char *folder, const char *name, char *display, size_t size);
/* The path by which FOLDER/NAME.lua is looked for in the place of that number, from 0, the first
 * being the best. False: there are no more. */
bool script_place(const char *folder, const char *name, const char *config_file, unsigned index,
                  char *path, size_t size);
/* Reads a whole regular file of at most SOURCE_LIMIT bytes; *sourcep is to be freed. An errno:
 * `error` says why. */
int source_read(const char *path, char **sourcep, size_t *lengthp, char *error, size_t error_size);

#endif
