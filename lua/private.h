/*
 * Inside the script engine. Nobody outside this folder includes this. Focus thread.
 *
 *   engine.c       the engine: which generation is live, reload, what the focus calls
 *   path.c         where policies live, reading their files; listing.c: which there are
 *   generation.c   one load of all policies: a Lua state with its memory cap
 *   errors.c       raising errors, and telling them with their position
 *   sandbox.c      what a script can see: the allow-list
 *   contexts.c     from where scripts may call what (contexts.h)
 *   guards.c       library functions whose work is not instructions: charged before they run
 *   strings.c      find, match, gmatch, gsub; pattern.c matches, in counted steps
 *   coroutines.c   coroutines that cannot outlive their budget
 *   budget.c       instructions, time and memory of one hook call
 *   api.c          `parley api`: what scripts can use, as lua/api/ describes it
 *   policy.c       class policy: hooks and options of one file
 *   application.c  an application: the function of one file
 *   conversation.c one caller's coroutine (conversation.h); wait.c how it waits
 *   call.c         its class; play.c and ask.c: playing to the caller, asking for keys
 *   record.c       recording the caller, or a conference
 *   joining.c      into a conference, out of its mix, back; wait_for.c: what happens there
 *   timer.c        functions that a conversation has run later
 *   spoken.c       numbers, dates and the like that are said: their values, a language's rules
 *   stack.c        the policies that decide about one conference
 *   options.c      conference.options; option_types.c: what types, limits and defaults they have
 *   duration.c     "5m"
 *   hook.c         one hook call from request or event to verdict, and what is done when it fails
 *   params.c       the parameters of requests and verdicts (focus/params.h), for scripts
 *   arguments.c    the tables that hooks get: request, event
 *   verdict.c      accept, reject, challenge
 *   pending.c      class pending: what waits for a decision; how a verdict lets it wait
 *   account.c      what the hook account answers
 *   mix.c          what the hook mix says: media policy
 *   handle.c       what handles have in common; conference.c and participant.c: the classes
 *   describe.c     what policies tell of themselves to who subscribes to them
 *   explain.c      why somebody does not hear another
 *   standing.c     what participants are: role, shown name, floor, leave to speak
 *   sidebar.c      what conferences and participants have of sidebars
 *   create.c       parley.create
 *   http.c, store.c  of applications: the web, and what they keep; errand.c: having it done
 *   json.c, base64.c  the libraries of these names; plain_json.c: plain data from and to JSON
 *   state.c        conference.state, a transaction per hook call; plain.c: its binary form
 *   parley.c       the table `parley`; zone.c: parley.time; facts.c: parley.fact
 *   frozen.c       read-only tables
 *   nearest.c      "did you mean"
 *   stats.c        calls, errors and times of hooks
 *
 * Two rules hold everywhere. Nothing that needs releasing is held in C across a call that can
 * raise a Lua error. And no Lua error ever crosses the focus: each way in ends in a lua_pcall.
 */
#ifndef LUA_PRIVATE_H
#define LUA_PRIVATE_H

#include "core/clock.h"
#include "core/histogram.h"
#include "focus/figures.h"
#include "focus/params.h"
#include "focus/pending.h"
#include "lua/contexts.h"
#include "lua/lua_engine.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <time.h>
#include <uthash.h>

enum {
    /* Decision hooks by verb, then event hooks, then the one that is asked for accounts, and the
     * one for the mix. */
    HOOK_ACCOUNT = VERB_COUNT + EVENT_COUNT,
    HOOK_MIX,
    HOOK_COUNT,
    WATCHERS = 256,      /* lists of them */
    HOOK_DEPTH_MAX = 4,  /* hooks within commands of hooks */
    ERROR_WINDOW = 60,   /* s in which errors are counted for the log line */
    ERRORS_KEPT = 64,    /* times of errors remembered for that */
    SCRIPT_TEXT = 512,   /* bytes of an error message with its NUL */
    POSITION_TEXT = 128, /* bytes of "policy/open.lua:12" with its NUL */
};

#define MEMORY_LIMIT ((size_t)64 << 20)  /* bytes of one generation */
#define STRING_LIMIT ((size_t)256 << 10) /* bytes of one Lua string */
#define STATE_LIMIT ((size_t)64 << 10)   /* bytes of one conference.state, serialized */
#define SOURCE_LIMIT ((size_t)1 << 20)   /* bytes of a policy file */

/* ---- budget.c ------------------------------------------------------------------------------- */

enum budget_kind { BUDGET_DECISION, BUDGET_EVENT, BUDGET_MIX, BUDGET_STEP, BUDGET_LOAD };

struct budget {
    enum budget_kind kind;
    uint64_t instructions;     /* used */
    size_t allocated;          /* bytes, freed ones included */
    uint64_t began, began_cpu; /* ns */
    const char *exceeded;      /* what ran out, in words; NULL: nothing yet */
    char where[POSITION_TEXT]; /* the script's position when it ran out; "": not known */
    struct budget *outer;
};

struct generation;

void budget_begin(struct generation *generation, struct budget *budget, enum budget_kind kind);
void budget_end(struct generation *generation, struct budget *budget);
/* For work in C that the count of instructions does not see. Raises once over budget. */
void budget_charge(lua_State *L, uint64_t instructions);
/* From the allocator: counts; false once the call has had its share. Never raises. */
bool budget_allocate(struct generation *generation, size_t size);

/* ---- stats.c -------------------------------------------------------------------------------- */

struct hook_stats {
    uint64_t calls, errors;
    struct histogram times;          /* ns */
    time_t error_times[ERRORS_KEPT]; /* ring; monotonic s */
};

void hook_stats_call(struct hook_stats *stats, uint64_t ns);
/* Returns the errors of the last minute, this one included (at most ERRORS_KEPT). */
unsigned hook_stats_error(struct hook_stats *stats);
json_t *hook_stats_json(const struct hook_stats *stats);

/* ---- policy.c ------------------------------------------------------------------------------- */

struct policy_hook {
    int function; /* reference; LUA_NOREF: the policy has no such hook */
    int line;     /* where the function begins */
    struct hook_stats stats;
};

/* One policy file in one generation. */
struct script_policy {
    char *name;                            /* as conferences name it */
    char *display;                         /* how the operator knows the file: "policy/open.lua" */
    char *error;                           /* why it could not be loaded; NULL: it is good */
    bool is_made;                          /* while loading: parley.policy was called */
    int object;                            /* reference to the object that the file returned */
    struct policy_hook *hooks[HOOK_COUNT]; /* NULL: the policy has no such hook */
    struct script_policy *next;
};

/* The hook's name in Lua: verbs and events as in the headers, but "close" for VERB_END, since
 * `end` is a word of the language. */
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

/* ---- application.c -------------------------------------------------------------------------- */

/* What calls to one user part talk with, in one generation. */
struct script_application {
    char *name;              /* the user part: "9000" */
    char *display;           /* "scripts/reception.lua" */
    int function;            /* reference */
    int line;                /* where the function begins */
    const json_t *options;   /* of the config; NULL: none. The generation's */
    bool has_options;        /* while loading: parley.options was called */
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

/* ---- record.c ------------------------------------------------------------------------------- */

/* conference:record { file = … }, of the conference at index 1, which is NULL when it is gone */
int conference_record_file(lua_State *L, struct conference *conference);

/* ---- spoken.c ------------------------------------------------------------------------------- */

/* Sets digits, number, date and the like in the table at `globals`. */
void spoken_open(lua_State *L, int globals);
/* Pushes the list of prompts by which the value at `index` is said. False, with nothing pushed: it
 * is none of those. Raises. */
bool spoken_push(lua_State *L, int index);
/* The table on top of the stack has the rules, it is popped. Raises. */
void spoken_take(lua_State *L, const char *display);
/* Loads the rules of the engine's language, or those of English. Errors as generation_run. */
int spoken_load(struct generation *generation, char *error, size_t error_size);

/* ---- generation.c --------------------------------------------------------------------------- */

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
    struct script_policy *policies;
    struct script_application *applications;
    json_t *applications_config; /* what they were loaded from */
    struct zone *zones;          /* looked at so far; list */
    int language;                /* reference to the rules for what is said; 0: there are none */
};

/* ENOMEM. */
int generation_create(struct lua_engine *engine, unsigned number, const char *site_policy,
                      struct generation **generationp);
void generation_release(struct generation *generation);
struct generation *generation_of(lua_State *L);
/* The policy of that name, loaded when it is not yet. EINVAL, ENOENT, ENOMEM: `error` says why. A
 * failure is remembered, so that a file is not read at every call. */
int generation_policy(struct generation *generation, const char *name,
                      struct script_policy **policyp, char *error, size_t error_size);
/* Runs a file, which is to return what it makes: a policy, or an application, or a
 * language's rules; the others are NULL or false.
 * EINVAL, ENOMEM, or the errno of reading it: `error` says why. */
struct script_file {
    const char *path, *display;
    struct script_policy *policy;
    struct script_application *application;
    bool is_language;
    char *source; /* while it is loaded */
    size_t length;
};
int generation_run(struct generation *generation, struct script_file *file, char *error,
                   size_t error_size);
/* Loads a policy file under a name. */
int generation_load(struct generation *generation, const char *name, const char *path,
                    const char *display, struct script_policy **policyp, char *error,
                    size_t error_size);
/* Whether a file is a good policy or application. EINVAL, ENOMEM: `error` says why. */
int generation_check_file(struct generation *generation, const char *path, char *error,
                          size_t error_size);
/* Loads the conference's policy and checks that its options suit. EINVAL and as generation_policy:
 * `error` says why. */
int generation_check_conference(struct generation *generation,
                                const struct conference_config *conference, char *error,
                                size_t error_size);

/* ---- stack.c -------------------------------------------------------------------------------- */

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
/* Takes the name, or the list of names, on top of the stack, as `own`. Raises, as `what`. */
void stack_take(lua_State *L, const char *what, char *text, size_t size);

/* ---- errors.c ------------------------------------------------------------------------------- */

/* luaL_error, declared as what it is: it does not return. Takes the formats of lua_pushfstring. */
void script_error(lua_State *L, const char *format, ...) __attribute__((noreturn));
/* "policy/open.lua:12" of the innermost Lua function from `level` on; "" when there is none.
 * Allocates nothing, never raises. */
void position_text(lua_State *L, int level, char *text, size_t size);
/* A message handler for lua_pcall: sees to it that the message is a text with a position. */
int message_handler(lua_State *L);
/* Turns what lua_pcall left on the stack into text, and pops it. `fallback`: a position. */
void message_take(lua_State *L, const struct budget *budget, const char *fallback, char *text,
                  size_t size);

/* Sees to it that the error, of SCRIPT_TEXT bytes, begins with a position, the fallback if it has
 * none, and copies that position. */
void error_position(char *error, const char *fallback, char *position, size_t size);

/* ---- engine.c ------------------------------------------------------------------------------- */

/* What C keeps of conference.state between hooks. */
struct conference_state {
    uint64_t id;          /* of the conference */
    unsigned char *bytes; /* plain.c's form; NULL: empty */
    size_t size;
    UT_hash_handle hh;
};

struct lua_engine {
    struct loop *loop;
    struct focus *focus;
    char *config_file;
    struct generation *generation;           /* the live one */
    struct conference_state *states;         /* hash by id */
    struct conversation *conversations;      /* hash by their visitors' ids */
    struct conversation *watchers[WATCHERS]; /* lists, by the conference that they watch */
    uint64_t event_count;                    /* events told so far, the present one included */
    json_t *facts;                           /* by name */
    const struct fetching *fetching;         /* NULL: there is no web client */
    const struct storing *storing;           /* NULL: there is no store */
    struct policy policy;
    struct application application;
    char *language; /* "en" */
};

/* ---- path.c --------------------------------------------------------------------------------- */

/* How errors name the script: "policy/open.lua" for "open", a path as it is. */
void script_display(const char *folder, const char *name, char *display, size_t size);
/* The path by which FOLDER/NAME.lua is looked for in the place of that number, from 0, the first
 * being the best. False: there are no more. */
bool script_place(const char *folder, const char *name, const char *config_file, unsigned index,
                  char *path, size_t size);
/* Reads a whole regular file of at most SOURCE_LIMIT bytes; *sourcep is to be freed. An errno:
 * `error` says why. */
int source_read(const char *path, char **sourcep, size_t *lengthp, char *error, size_t error_size);

/* ---- hook.c --------------------------------------------------------------------------------- */

enum hook_outcome { HOOK_SILENT, HOOK_DECIDED, HOOK_FAILED };

/* What signalling asks: who is `user`? */
struct account_question {
    const char *user, *realm;
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
    struct plan *plan;                    /* of the hook mix: what it says */
    const struct conference *conference;  /* of the hook mix */
    unsigned watched;                     /* of the hook mix: what it has read, see mix_watch */
    struct decision *decision;            /* of a decision hook */
    bool is_decided;
    const char *conference_name, *call; /* for the log; may be NULL */
    char position[POSITION_TEXT];       /* of the command that it gave last */
    struct state_use *states;           /* states looked at in this call. Owned. */
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
/* What is decided when a script fails: by the verb, never by the script. */
void decide_safely(const struct request *request, struct decision *decision, const char *by);
/* "reject 500", for the log */
void decision_text(const struct decision *decision, char *text, size_t size);
/* Becomes the innermost one. False when there are too many within each other: it has not. */
bool hook_frame_enter(struct hook_frame *frame);
void hook_frame_leave(struct hook_frame *frame);
/* Logs an error of a script, though not each when there are many: its text, "; ", and what comes of
 * it. `what`: "hook join, conference board, call 3f9c". */
void script_report(struct hook_stats *stats, const struct hook_frame *frame, const char *error,
                   const char *what, const char *consequence);

/* ---- params.c ------------------------------------------------------------------------------- */

/* Takes the value on top of the stack for the parameter PARAM_…, as in `what { … }`. Raises when it
 * is out of range. */
void param_take(lua_State *L, const char *what, unsigned index, struct request_params *target);
/* Takes the entries of the table at `index`, as in `what { … }`. Returns what is in it. Raises
 * when one is not `allowed` or out of range. */
param_set params_check(lua_State *L, int index, const char *what, param_set allowed,
                       struct request_params *target);
/* Copies the text at `index` as text_check does. Raises when the file lies elsewhere than in the
 * config's directory or below it; "" is none. */
void file_check(lua_State *L, int index, const char *what, char *file, size_t size);
/* Makes the request an announcement by what stands at 2 and 3: play(file [, { gain = …, loop = …
 * }]). Raises. */
void announcement_take(lua_State *L, struct request *request);
/* Pushes a table of those in `which`. */
void params_push(lua_State *L, param_set which, const struct request_params *source);
void direction_push(lua_State *L, enum stream_direction direction);
/* As a list, of names with blanks between them. */
void codecs_push(lua_State *L, const char *codecs);

/* ---- duration.c ----------------------------------------------------------------------------- */

/* The seconds that the number or text ("5m") at `index` stands for. False: it is none. */
bool duration_at(lua_State *L, int index, double *secondsp);
/* The same in ms. Raises, as `what`, when it is none from `least` to `most` s. */
unsigned duration_check(lua_State *L, int index, const char *what, unsigned least, unsigned most);

/* ---- arguments.c ---------------------------------------------------------------------------- */

void actor_push(lua_State *L, const struct actor *actor);

void request_push(lua_State *L, const struct request *request);
void event_push(lua_State *L, const struct conference_event *event);
/* Sets a field of the table on top of the stack for each figure of `data`. */
void figures_set(lua_State *L, const struct figure *figures, const void *data);

/* What can be pressed (RFC 4733 §3.2, flash aside). */
#define KEYS "0123456789*#ABCD"

/* ---- verdict.c ------------------------------------------------------------------------------ */

void verdict_open(lua_State *L, int globals);
/* Puts the verdict at `index` into the frame's decision. nil is no opinion. Raises. */
void verdict_take(lua_State *L, int index, struct hook_frame *frame);
/* The whole number in field `name` of the table at `index`, `standard` when there is none. Raises,
 * as `what`, when it is none from `lowest` to `most`. */
unsigned number_field(lua_State *L, int index, const char *what, const char *name, unsigned lowest,
                      unsigned most, unsigned standard);
/* Copies the text argument at `index`, named `what`. Raises when it is too long or has control
 * characters, which have no place in a header or a log. */
void text_check(lua_State *L, int index, const char *what, char *text, size_t size);
/* The key that the text on top of the stack is; '\0' for "". Raises. */
char key_take(lua_State *L, const char *what);

/* ---- pending.c ------------------------------------------------------------------------------ */

/* pending { … }: the table at `index`, what of it belongs to the request into *params. Returns the
 * parameters that were given. Raises. */
param_set waiting_check(lua_State *L, int index, struct waiting *waiting, char *reason,
                        size_t reason_size, struct request_params *params);
/* conference:pending() */
int pending_iterate(lua_State *L, const struct conference *conference);
void pending_push(lua_State *L, uint64_t id);

/* ---- account.c ------------------------------------------------------------------------------ */

/* Takes what the hook has returned, at the top of the stack; nil is no account. Raises. */
void account_take(lua_State *L, struct account_question *question);
/* Pushes groups as a list that is also a set: { "staff", staff = true }. */
void groups_push(lua_State *L, const char *groups);

/* ---- mix.c ---------------------------------------------------------------------------------- */

void mix_push(lua_State *L);
/* The hook has ended: its plan is complete. Raises when it cannot be carried out. */
void mix_seal(lua_State *L, const struct hook_frame *frame);
/* If a hook mix runs, its plan depends on that from now on. */
void mix_watch(lua_State *L, enum mix_watch what);
int participant_speaks_to(lua_State *L);
int participant_listens_to(lua_State *L);

/* ---- handle.c ------------------------------------------------------------------------------- */

struct handle_class {
    const char *name;
    /* Getters: handle at 1, push one value or return 0 for nil. */
    const struct script_function *fields;
    const struct script_function *methods; /* called as handle:method(...) */
    /* Fields that can be set: the value is at 3. May be NULL. */
    const struct script_function *setters;
    const luaL_Reg *metamethods;
    bool (*exists)(lua_State *L, uint64_t id);
};

void handle_class_open(lua_State *L, const struct handle_class *class);
/* The same id always gives the same handle, so that handles can be table keys. */
void handle_push(lua_State *L, const struct handle_class *class, uint64_t id);
/* Raises when the argument is not a handle of that class. */
uint64_t handle_check(lua_State *L, int index, const struct handle_class *class);
/* What methods return for somebody who is no longer there: nil, "gone". */
int handle_gone(lua_State *L);
/* Pushes room for `count` ids, to be filled in; handle_iterator turns it into a function that
 * gives one handle after the other. The ids are copied at once, so whatever happens meanwhile does
 * not disturb it; who is gone by then is left out. */
uint64_t *handle_list(lua_State *L, size_t count);
int handle_iterator(lua_State *L, const struct handle_class *class);
/* Who asks when the script that runs does: for functions that are TO_ACT. */
void command_actor(lua_State *L, struct actor *actor);
/* Carries out what a script asks for. As focus_submit. */
int command_run(lua_State *L, struct request *request, struct decision *decision);
/* The same when request->actor says who asks; command_actor has been called. */
int command_carry(lua_State *L, struct request *request, struct decision *decision);
/* A metatable of that name, which scripts cannot look into. Metamethods end with {NULL, NULL}. */
void class_open(lua_State *L, const char *name, const luaL_Reg *metamethods);
/* What methods return that could not do it: nil, code, text. */
int failure_push(lua_State *L, int code, const char *text);
/* The same for a wish that was refused; a policy need not say why. */
int refusal_push(lua_State *L, const struct decision *decision);
/* What the method returns when that was not 0: nil, code, text; nil, 202, text and the pending when
 * it waits for a decision; or nil, "gone". */
int command_refused(lua_State *L, int result, const struct decision *decision);
/* Both, for methods that return true. */
int command_submit(lua_State *L, struct request *request);

extern const struct handle_class conference_class, participant_class, call_class, pending_class,
    timer_class, mix_class;
void conference_push(lua_State *L, uint64_t id);
void participant_push(lua_State *L, uint64_t id);

/* ---- explain.c ------------------------------------------------------------------------------ */

/* conference:explain(listener, talker). Raises. */
int explain_conference(lua_State *L, const struct conference *conference);
/* participant:explain() */
int explain_participant(lua_State *L, const struct participant *participant);

/* ---- participant.c, standing.c --------------------------------------------------------------- */

/* The participant at index 1; NULL when it is gone. */
struct participant *participant_self(lua_State *L);
/* The same at another index. */
struct participant *participant_at(lua_State *L, int index);
/* Carries out a wish about it, for methods that return true. */
int participant_submit(lua_State *L, struct request *request);
/* Methods. */
int participant_set_role(lua_State *L);
int participant_rename(lua_State *L);
int participant_permit(lua_State *L);
int participant_give_floor(lua_State *L);
int participant_take_floor(lua_State *L);
int participant_ask_for_floor(lua_State *L);

/* ---- describe.c ----------------------------------------------------------------------------- */

/* As struct policy's describe. */
json_t *policies_describe(struct generation *generation, const struct conference *conference);

/* ---- sidebar.c ------------------------------------------------------------------------------ */

int conference_get_parent(lua_State *L);
int conference_sidebars(lua_State *L);
int conference_sidebar(lua_State *L);
int conference_ask(lua_State *L);
int conference_bring(lua_State *L);
int participant_get_sidebar(lua_State *L);
int participant_get_main(lua_State *L);
int participant_back(lua_State *L);

/* ---- options.c ------------------------------------------------------------------------------ */

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

/* ---- state.c, plain.c ----------------------------------------------------------------------- */

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
/* Pushes JSON as Lua data. Raises when Lua is out of memory. */
void json_push(lua_State *L, const json_t *json);

/* ---- sandbox and libraries ------------------------------------------------------------------ */

/* Makes the table of what scripts can see. Raises. */
void sandbox_open(lua_State *L);
/* Pushes a new environment for one policy. */
void sandbox_push_environment(lua_State *L);
/* Each takes the library's table at the top of the stack and changes it. */
void guards_table(lua_State *L);
void guards_string(lua_State *L);
void guards_utf8(lua_State *L);
void strings_open(lua_State *L);
void coroutines_open(lua_State *L);
/* Sets `parley` and `print` in the table at `globals`. */
void parley_open(lua_State *L, int globals);
/* json.c, base64.c, http.c: each pushes the library's table. */
void json_open(lua_State *L);
void base64_open(lua_State *L);
void http_open(lua_State *L);
/* store.c: parley.store(name), and its class */
int parley_store(lua_State *L);
void store_class_open(lua_State *L);
/* Pushes the value at `index` as JSON. Raises, as `what`, when it is no plain data. */
void json_text_push(lua_State *L, int index, const char *what);
/* Pushes json.null. */
void json_null_push(lua_State *L);
/* What json.null and json.empty_list stand for. A new reference; NULL: it is neither. */
json_t *json_special(lua_State *L, int index);
/* zone.c: parley.time */
int parley_time(lua_State *L);
bool zone_exists(lua_State *L, const char *name);
void zones_free(struct generation *generation);
/* facts.c: functions of parley */
int parley_fact(lua_State *L);
int parley_set_fact(lua_State *L);
int parley_is_same(lua_State *L);
/* create.c: parley.create { policy = …, title = …, owner = …, options = … } */
int parley_create(lua_State *L);

/* Replaces the table on top of the stack by a read-only view of it; `what` names it in errors and
 * must be a literal. */
void frozen_push(lua_State *L, const char *what);

/* Pushes " (did you mean 'x'?)" when one of the names is near enough to be meant, else "". */
const char *nearest_push(lua_State *L, const char *name, const char *const *names, size_t count);

/* The index in `names` (NULL: not allowed) of the key at `index` of a table that is given as
 * `what { … }`. Raises when it is none of them. */
unsigned key_check(lua_State *L, int index, const char *what, const char *const *names,
                   unsigned count);

/* ---- pattern.c ------------------------------------------------------------------------------ */

enum {
    PATTERN_CAPTURES = 32,
    PATTERN_DEPTH = 200, /* nested choices */
};

struct pattern_capture {
    const char *begin;
    ptrdiff_t length; /* or one of the two below */
};

#define CAPTURE_OPEN ((ptrdiff_t)-1)
#define CAPTURE_POSITION ((ptrdiff_t)-2)

struct pattern_match {
    lua_State *L;
    const char *subject, *subject_end;
    const char *pattern_end;
    unsigned steps; /* not charged yet */
    unsigned depth;
    unsigned count;
    struct pattern_capture captures[PATTERN_CAPTURES];
};

/* Where the match of `pattern` that begins at `at` ends; NULL: none. Raises when the pattern is
 * malformed, or the budget is used up. */
const char *pattern_try(struct pattern_match *match, const char *at, const char *pattern);

#endif
