/*
 * One load of all policies: a Lua state of its own, with a cap on its memory. Freed when the
 * engine has turned to another one and no hook of it is on the C stack.
 */
#include "lua/generation.h"
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/options.h"
#include "lua/private.h"
#include "lua/state.h"
#include "lua/testing.h"

#include "core/hash.h"
#include "core/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct generation *generation_of(lua_State *L)
{
    return *(struct generation **)lua_getextraspace(L);
}

bool generation_is_virtual(const struct generation *generation)
{
    return generation->engine && loop_is_virtual(generation->engine->loop);
}

/* ---- one file ------------------------------------------------------------------------------- */

/* Pushes the compiled file. Raises: text that nests too deep is an error that names no file. */
static void compile(lua_State *L, const struct script_file *file)
{
    const char *name = lua_pushfstring(L, "@%s", file->display), *error;
    size_t mark = text_mark(file->source, file->length);

    if (luaL_loadbufferx(L, file->source + mark, file->length - mark, name, "t") == LUA_OK)
        return;
    error = lua_tostring(L, -1);
    if (strncmp(error, file->display, strlen(file->display)) != 0)
        lua_pushfstring(L, "%s: %s", file->display, error);
    (void)lua_error(L);
}

static int load_body(lua_State *L)
{
    struct script_file *file = lua_touserdata(L, 1);

    compile(L, file);
    sandbox_push_environment(L);
    (void)lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    file->is_nothing = file->may_be_nothing && lua_isnil(L, -1);
    if (file->is_nothing)
        lua_pop(L, 1);
    else if (file->language)
        language_take(L, file->language, file->display);
    else if (file->policy && !(file->application && lua_isfunction(L, -1)))
        policy_take(L, file->policy);
    else
        application_take(L, file->application);
    return 0;
}

static int load_run(struct generation *generation, struct script_file *file, char *error,
                    size_t error_size)
{
    lua_State *L = generation->running;
    struct script_policy *outer = generation->loading;
    struct script_application *outer_application = generation->loading_application;
    struct hook_frame *frame = generation->frame;
    struct budget budget;
    int status;

    if (!lua_checkstack(L, LUA_MINSTACK)) {
        (void)snprintf(error, error_size, "%s: out of memory", file->display);
        return ENOMEM;
    }
    generation->loading = file->policy;
    generation->loading_application = file->application;
    generation->frame = NULL; /* a file that is loaded within a hook is not in that hook */
    lua_pushcfunction(L, message_handler);
    lua_pushcfunction(L, load_body);
    lua_pushlightuserdata(L, file);
    budget_begin(generation, &budget, BUDGET_LOAD,
                 file->policy        ? &file->policy->memory
                 : file->application ? &file->application->memory
                                     : NULL);
    status = lua_pcall(L, 1, 0, -3);
    budget_end(generation, &budget);
    generation->frame = frame;
    generation->loading = outer;
    generation->loading_application = outer_application;
    if (status != LUA_OK)
        message_take(L, &budget, file->display, error, error_size);
    lua_pop(L, 1);
    return status == LUA_OK ? 0 : EINVAL;
}

int generation_run(struct generation *generation, struct script_file *file, char *error,
                   size_t error_size)
{
    int result = source_read(file->path, &file->source, &file->length, error, error_size);
    unsigned selftests = generation->selftest_count;
    uint64_t hash = result ? 0 : hash_add(HASH_EMPTY, file->source, file->length);

    (void)json_object_set_new(generation->files, file->path, json_integer((json_int_t)hash));
    if (!result)
        result = load_run(generation, file, error, error_size);
    if (generation->selftest_count > selftests)
        (void)json_array_append_new(generation->tested, json_string(file->path));
    free(file->source);
    file->source = NULL;
    return result;
}

/* Whether that is still what was read there. */
static bool is_as_read(const char *path, const json_t *read)
{
    char error[SCRIPT_TEXT];
    uint64_t hash = HASH_EMPTY;
    size_t length;
    char *source;

    if (source_read(path, &source, &length, error, sizeof error) == 0) {
        hash = hash_add(hash, source, length);
        free(source);
    }
    return hash == (uint64_t)json_integer_value(read);
}

const char *generation_rewritten(const struct generation *generation)
{
    const char *path;
    json_t *read;

    json_object_foreach(generation->files, path, read)
    {
        if (!is_as_read(path, read))
            return path;
    }
    return NULL;
}

static void policy_free(struct script_policy *policy)
{
    for (unsigned i = 0; i < HOOK_COUNT; i++)
        free(policy->hooks[i]);
    conference_rations_free(&policy->rations);
    free(policy->name);
    free(policy->display);
    free(policy->error);
    free(policy);
}

static struct script_policy *policy_add(struct generation *generation, const char *name,
                                        const char *display)
{
    struct script_policy *policy = calloc(1, sizeof *policy), **end;

    if (!policy)
        return NULL;
    policy->name = strdup(name);
    policy->display = strdup(display);
    if (!policy->name || !policy->display) {
        policy_free(policy);
        return NULL;
    }
    for (end = &generation->policies; *end; end = &(*end)->next)
        ;
    *end = policy;
    return policy;
}

int generation_load(struct generation *generation, const char *name, const char *path,
                    const char *display, struct script_policy **policyp, char *error,
                    size_t error_size)
{
    struct script_policy *policy = policy_add(generation, name, display);
    struct script_file file = {.path = path, .display = display, .policy = policy};
    int result;

    if (!policy) {
        (void)snprintf(error, error_size, "%s: out of memory", display);
        return ENOMEM;
    }
    *policyp = policy;
    result = generation_run(generation, &file, error, error_size);
    if (result)
        policy->error = strdup(error);
    return result;
}

/* A policy, or an application; with tests, it may be neither. */
static int check_file(struct generation *generation, const char *path, struct script_file *file,
                      char *error, size_t error_size)
{
    struct script_application application = {.display = (char *)path};
    int status;

    file->path = file->display = path;
    file->policy = policy_add(generation, path, path);
    if (!file->policy) {
        (void)snprintf(error, error_size, "%s: out of memory", path);
        return ENOMEM;
    }
    file->application = &application;
    status = generation_run(generation, file, error, error_size);
    file->application = NULL;
    return status;
}

int generation_check_file(struct generation *generation, const char *path, char *error,
                          size_t error_size)
{
    struct script_file file = {.path = path};

    return check_file(generation, path, &file, error, error_size);
}

int generation_load_tests(struct generation *generation, const char *path, bool *is_scriptp,
                          bool *is_policyp, char *error, size_t error_size)
{
    struct script_file file = {.may_be_nothing = true};
    int status = check_file(generation, path, &file, error, error_size);

    *is_scriptp = !file.is_nothing;
    *is_policyp = !status && file.policy->object != 0;
    return status;
}

static struct script_policy *policy_find(const struct generation *generation, const char *name)
{
    struct script_policy *policy = generation->policies;

    while (policy && strcmp(policy->name, name) != 0)
        policy = policy->next;
    return policy;
}

struct script_policy *generation_loaded(const struct generation *generation, const char *name)
{
    struct script_policy *policy = policy_find(generation, name);

    return policy && !policy->error && policy->object != 0 ? policy : NULL;
}

int generation_policy(struct generation *generation, const char *name,
                      struct script_policy **policyp, char *error, size_t error_size)
{
    char path[3 * PATH_MAX], display[PATH_MAX];
    struct script_policy *policy = policy_find(generation, name);

    *policyp = policy;
    if (policy && (policy->error || policy->object == 0)) {
        (void)snprintf(error, error_size, "%s",
                       policy->error ? policy->error : "the policy is not loaded");
        return EINVAL;
    }
    if (policy)
        return 0;
    script_display("policy", name, display, sizeof display);
    if (lua_script_path("policy", name, generation->engine->config_file, path, sizeof path))
        return generation_load(generation, name, path, display, policyp, error, error_size);
    (void)snprintf(error, error_size, "policy '%s': no such file; looked for %s", name, path);
    *policyp = policy_add(generation, name, display);
    if (*policyp)
        (*policyp)->error = strdup(error);
    return ENOENT;
}

/* ---- the state ------------------------------------------------------------------------------ */

static int open_body(lua_State *L)
{
    sandbox_open(L);
    handle_class_open(L, &conference_class);
    handle_class_open(L, &participant_class);
    handle_class_open(L, &call_class);
    handle_class_open(L, &timer_class);
    handle_class_open(L, &pending_class);
    handle_class_open(L, &simulation_class);
    handle_class_open(L, &caller_class);
    handle_class_open(L, &mix_class);
    state_open(L);
    options_renew(L);
    if (generation_is_virtual(generation_of(L)))
        sandbox_seed(L);
    return 0;
}

int generation_create(struct lua_engine *engine, unsigned number, const char *site_policy,
                      struct generation **generationp)
{
    struct generation *generation = calloc(1, sizeof *generation);

    if (!generation)
        return ENOMEM;
    generation->engine = engine;
    generation->number = number;
    generation->since = engine ? loop_time(engine->loop) : time(NULL);
    generation->references = 1;
    generation->memory_limit = MEMORY_LIMIT;
    generation->site_policy = strdup(site_policy);
    generation->files = json_object();
    generation->tested = json_array();
    if (generation->site_policy)
        generation->L = lua_newstate(memory_allocate, generation);
    if (!generation->L) {
        json_decref(generation->files);
        json_decref(generation->tested);
        free(generation->site_policy);
        free(generation);
        return ENOMEM;
    }
    generation->running = generation->L;
    *(struct generation **)lua_getextraspace(generation->L) = generation;
    if (engine)
        LL_PREPEND(engine->generations, generation);
    lua_pushcfunction(generation->L, open_body);
    if (lua_pcall(generation->L, 0, 0, 0) != LUA_OK) {
        generation_release(generation);
        return ENOMEM;
    }
    *generationp = generation;
    return 0;
}

void generation_release(struct generation *generation)
{
    struct script_policy *policy;

    if (!generation || --generation->references > 0)
        return;
    if (generation->engine)
        LL_DELETE(generation->engine->generations, generation);
    lua_close(generation->L);
    while ((policy = generation->policies)) {
        generation->policies = policy->next;
        policy_free(policy);
    }
    applications_free(generation);
    zones_free(generation);
    json_decref(generation->files);
    json_decref(generation->tested);
    json_decref(generation->languages);
    free(generation->site_policy);
    free(generation);
}

/* ---- options -------------------------------------------------------------------------------- */

struct options_check {
    const struct conference_config *conference;
    const struct policy_stack *stack;
};

static int options_check_body(lua_State *L)
{
    const struct options_check *check = lua_touserdata(L, 1);

    options_check(L, check->conference, check->stack);
    return 0;
}

/* Loads all of them. The config's line stands before what is wrong with one of its own. */
static int stack_load(struct policy_stack *stack, const struct conference_config *conference,
                      char *error, size_t error_size)
{
    const char *place = json_string_value(json_object_get(conference->places, ""));
    struct script_policy *policy;
    char problem[SCRIPT_TEXT];
    int result;

    do
        result = stack_next(stack, &policy, problem, sizeof problem);
    while (!result && policy);
    if (result == ENOENT && stack->count > 0)
        (void)snprintf(error, error_size, "%s%sconference %s: %s", place ? place : "",
                       place ? ": " : "", conference->name, problem);
    else if (result)
        (void)snprintf(error, error_size, "%s", problem);
    return result;
}

int generation_check_conference(struct generation *generation,
                                const struct conference_config *conference, char *error,
                                size_t error_size)
{
    struct policy_stack stack = {.generation = generation, .own = conference->policy};
    struct options_check check = {.conference = conference, .stack = &stack};
    lua_State *L = generation->running;
    struct budget budget;
    int status = stack_load(&stack, conference, error, error_size);
    char known[256];

    if (!status && !language_is_known(generation, conference->language, known, sizeof known)) {
        (void)snprintf(error, error_size,
                       "conference %s: language: there are no rules for \"%s\"; there are %s",
                       conference->name, conference->language, known);
        return EINVAL;
    }
    if (status)
        return status;
    lua_pushcfunction(L, options_check_body);
    lua_pushlightuserdata(L, &check);
    budget_begin(generation, &budget, BUDGET_LOAD, NULL);
    status = lua_pcall(L, 1, 0, 0);
    budget_end(generation, &budget);
    if (status == LUA_OK)
        return 0;
    message_take(L, &budget, conference->name, error, error_size);
    return EINVAL;
}
