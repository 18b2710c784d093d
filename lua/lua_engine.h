/*
 * The script engine: generations of Lua states that implement focus/policy.h.
 *
 * Nobody but this folder includes lua.h. Focus thread. See README "Scripts" for what an operator
 * writes.
 */
#ifndef LUA_LUA_ENGINE_H
#define LUA_LUA_ENGINE_H

#include "core/account.h"
#include "focus/application.h"
#include "focus/focus.h"
#include "ports/fetching.h"
#include "ports/storing.h"

#include <stdio.h>

struct lua_engine;

enum { PROBATION_ERRORS = 64 }; /* the most that can be waited for */

/* When scripts are taken back that were reloaded. */
struct probation_config {
    unsigned errors; /* of hooks and applications; 0: never */
    unsigned within; /* ms, all of these */
    unsigned lasts;  /* ms, after the reload; 0: never */
};

struct lua_engine_config {
    struct loop *loop;
    struct focus *focus;
    const char *site_policy;    /* name ("standard") or path of the site policy */
    const char *config_file;    /* scripts are looked up beside it first; "" for none */
    const json_t *applications; /* { user part: script }, as in scripts/; NULL: none; borrowed */
    const struct fetching *fetching; /* for applications; NULL: they cannot ask the web */
    const struct storing *storing;   /* for applications; NULL: they can keep nothing */
    const char *language;            /* that numbers are said in; NULL: English */
    struct probation_config probation;
    /* May be NULL. Somebody has set a fact; `value` NULL: nobody knows it any longer. */
    void (*fact_set)(void *arg, const struct actor *actor, const char *name, const json_t *value);
    void *fact_set_arg;
    /* Told when scripts have been taken back, before a conference is; NULL: nobody. */
    void (*returned)(void *arg);
    void *returned_arg;
};

/* Loads the first generation, and checks the options of the conferences that the focus has by then.
 * EINVAL when a script is broken: `error` has "file:line: what". */
int lua_engine_create(const struct lua_engine_config *config, struct lua_engine **enginep,
                      char *error, size_t error_size);
void lua_engine_destroy(struct lua_engine *engine);

const struct policy *lua_engine_policy(struct lua_engine *engine);
const struct application *lua_engine_application(struct lua_engine *engine);

/* Asks the site policy's hook `account`, for `peer`, as in struct accounts. 0; ENOENT: there is no
 * such account, or no such hook; EIO: the hook has failed. */
int lua_engine_account(struct lua_engine *engine, const char *user, const char *realm,
                       const char *peer, struct account *account);

/* What the config is to be once a new generation is live. */
struct lua_engine_demand {
    const char *site_policy;    /* NULL: as it is */
    const json_t *applications; /* as above */
    /* Their policies are loaded, and their options are checked instead of those that the
     * conferences of these names have now. The caller then changes them by focus_reserve. */
    const struct conference_config *conferences;
    unsigned conference_count;
    /* The one that goes ahead, with its sidebars, and is the only one that does: what is in the
     * files now decides about it until the next reload of all, or its call back. The config stays
     * as it is. NULL: all go. */
    struct conference *only;
};

/* Compiles and checks everything anew in a fresh state and swaps in one step. Conversations end as
 * they began, on the old generation. On failure it simply goes on, and `error` says "file:line:
 * what". `demand` NULL: the config stays as it is. */
int lua_engine_reload(struct lua_engine *engine, const struct lua_engine_demand *demand,
                      char *error, size_t error_size);

/* From the next reload on; `errors` and `within` at once. */
void lua_engine_set_probation(struct lua_engine *engine, const struct probation_config *config);

/* Number of the generation that would come back; 0: none would. */
unsigned lua_engine_reserve(const struct lua_engine *engine);

/* A policy file that is asked about each request beside the policy that it would stand in for, and
 * decides nothing. */
struct shadow_config {
    const char *file; /* its path */
    const char
        *stands_for; /* a policy in use, by its name; NULL: the one that the file is named by */
    const char *conference; /* by its name; NULL: all */
    unsigned lasts;         /* ms; 0: until it is stopped, or the scripts are reloaded */
};
/* Takes the place of one that was there. EINVAL, ENOMEM: `error` says why, and that one goes on. */
int lua_engine_shadow(struct lua_engine *engine, const struct shadow_config *config, char *error,
                      size_t error_size);
/* ENOENT: there is none. What it came to stays in the status. */
int lua_engine_shadow_stop(struct lua_engine *engine);

/* Tells the path of each file that the live generation was made of. */
void lua_engine_files(const struct lua_engine *engine, void (*tell)(const char *path, void *arg),
                      void *arg);

/* Number of the live generation, from 1. */
unsigned lua_engine_generation(const struct lua_engine *engine);

/* Its two halves: compiling and checking, and the swap of what has come of that; or it is let go
 * of. The demand is the same for both. */
int lua_engine_prepare(struct lua_engine *engine, const struct lua_engine_demand *demand,
                       char *error, size_t error_size);
int lua_engine_swap(struct lua_engine *engine, const struct lua_engine_demand *demand, char *error,
                    size_t error_size);
void lua_engine_abandon(struct lua_engine *engine);
/* Path of a file that has been written anew since it was compiled for what is prepared, so that its
 * self-tests have been run on something else; NULL: there is none. Borrowed. */
const char *lua_engine_rewritten(const struct lua_engine *engine);
/* Paths of the scripts that have self-tests, of what is prepared, or else of the live generation.
 * Borrowed. */
const json_t *lua_engine_selftests(const struct lua_engine *engine);

/*
 * Single conferences, with their sidebars. Errors, with `error`, as lua_engine_reload; EINVAL also
 * when the conference is a sidebar, or not what is said.
 */

/* It was sent ahead, see struct lua_engine_demand, and goes with all others again. */
int lua_engine_call_back(struct lua_engine *engine, struct conference *conference, char *error,
                         size_t error_size);
/* It stays with the generation that decides about it now, whatever is reloaded, until unpinned. */
int lua_engine_pin(struct lua_engine *engine, struct conference *conference, char *error,
                   size_t error_size);
int lua_engine_unpin(struct lua_engine *engine, struct conference *conference, char *error,
                     size_t error_size);
/* Number of the generation that decides about the conference. */
unsigned lua_engine_generation_of(const struct lua_engine *engine,
                                  const struct conference *conference);

/* Generation, memory, and per hook: calls, errors, time p50/p99 in µs. New reference. */
json_t *lua_engine_status(struct lua_engine *engine);

/* Sets a fact (parley.fact), unless `value` is NULL; "": nobody knows it any longer. `told` says
 * what it is then. EINVAL, E2BIG: `told` says why not. */
int lua_engine_fact(struct lua_engine *engine, const char *name, const char *value, char *told,
                    size_t told_size);
/* The same with any plain value, whoever wants it. EINVAL, E2BIG, ENOMEM. */
int lua_engine_set_fact(struct lua_engine *engine, const struct actor *actor, const char *name,
                        json_t *value);

/* What the scripts know of the conference at this moment: { site_policy, config, generation, facts,
 * policies: [ their files ], secrets: [ names of options that are to be shown to nobody ], state }.
 * New reference; NULL: out of memory. */
json_t *lua_engine_snapshot(struct lua_engine *engine, const struct conference *conference);
/* Facts and state become those of a snapshot. EINVAL, ENOMEM. */
int lua_engine_restore(struct lua_engine *engine, const struct conference *conference,
                       const json_t *given);

/* Compiles and runs one script file as `parley check` does, without a server. 0, or EINVAL with
 * "file:line: what" in `error`. */
int lua_check_script(const char *path, char *error, size_t error_size);
/* Calls `found` for each prompt that the script names by a literal where it has something played:
 * in the arguments of play and say, and at the keys of ask, accept and the like that take prompts.
 * What it puts together or has from elsewhere is not seen. An errno. */
int lua_prompt_names(const char *path, void (*found)(void *arg, const char *name, unsigned line),
                     void *arg);

/* All policies that can be used by name: [{ name, file, summary, error, options: [{ name, what,
 * doc, default }] }], `error` only if it cannot be loaded. New reference. */
json_t *lua_list_policies(const char *config_file);

/* Writes what scripts can use, as lua/api/main.lua is asked to by `words`. ENOENT, EINVAL: `error`
 * says what is wrong. */
int lua_api_print(const char *const *words, unsigned count, FILE *file, char *error,
                  size_t error_size);

/* Where the policy (`folder` "policy") or application ("scripts") `name` lives: `name` itself when
 * it has a slash or ends in .lua, else FOLDER/NAME.lua beside the config file, then beside the
 * program (../FOLDER), then in ../share/parley/FOLDER. False when there is none; `path` then holds
 * the places looked at. */
bool lua_script_path(const char *folder, const char *name, const char *config_file, char *path,
                     size_t path_size);

#endif
