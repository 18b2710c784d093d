/* What the focus asks, and of which generation. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/options.h"
#include "lua/shadow.h"
#include "lua/state.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the focus asks -------------------------------------------------------------------- */

/* A policy that cannot be loaded decides by the safe default, like one that fails. */
static bool policy_for(struct generation *generation, const char *name, const char *conference,
                       struct script_policy **policyp)
{
    char error[SCRIPT_TEXT];

    if (generation_policy(generation, name, policyp, error, sizeof error) == 0)
        return true;
    log_write(LOG_LEVEL_ERROR, conference, NULL, "%s", error);
    return false;
}

static void decide_unloaded(const struct request *request, struct decision *decision,
                            const char *name)
{
    char display[POSITION_TEXT];

    script_display("policy", name, display, sizeof display);
    decide_safely(request, decision, display);
}

/* The policies that a new conference or sidebar is to have must be there before it is. */
static void check_created(struct generation *generation, const struct request *request,
                          struct decision *decision)
{
    struct script_policy *policy;
    char name[POLICY_NAME];

    if ((request->verb != VERB_CREATE && request->verb != VERB_SIDEBAR) ||
        decision->verdict != DECISION_ACCEPT)
        return;
    for (unsigned i = 0; stack_name(decision->params.policy, i, name, sizeof name); i++) {
        if (!policy_for(generation, name, request->conference_name, &policy)) {
            decide_unloaded(request, decision, name);
            decision->verdict = DECISION_REJECT; /* whoever asks: it would have another policy */
            decision->code = 500;
            (void)snprintf(decision->reason, sizeof decision->reason, "Policy error");
            return;
        }
    }
}

void generation_decide(struct generation *generation, const struct request *request,
                       struct decision *decision)
{
    const struct conference *conference = request->conference;
    struct policy_stack stack = {.generation = generation,
                                 .own = conference ? conference_policy(conference) : NULL};
    struct script_policy *policy;
    char error[SCRIPT_TEXT];

    while (stack_next(&stack, &policy, error, sizeof error) == 0) {
        if (!policy || hook_decide(generation, policy, request, decision) != HOOK_SILENT)
            return;
    }
    log_write(LOG_LEVEL_ERROR, request->conference_name, NULL, "%s", error);
    decide_unloaded(request, decision, stack.name);
}

static void engine_decide(void *ctx, const struct request *request, struct decision *decision)
{
    struct lua_engine *engine = ctx;
    struct generation *generation = generation_deciding(engine, request->conference);
    const struct decision before = *decision;

    loop_assert_thread(engine->loop);
    generation->references++;
    generation_decide(generation, request, decision);
    check_created(generation, request, decision);
    decision->generation = generation->number;
    generation_release(generation);
    shadow_decide(engine, request, &before, decision);
}

/* One that cannot be loaded is told of in the log, and the others are told all the same. */
void generation_tell(struct generation *generation, const struct conference *conference,
                     const struct conference_event *event)
{
    struct policy_stack stack = {.generation = generation, .own = conference_policy(conference)};
    struct script_policy *policy = NULL;
    char error[SCRIPT_TEXT];

    do {
        if (stack_next(&stack, &policy, error, sizeof error))
            log_write(LOG_LEVEL_ERROR, conference_name(conference), NULL, "%s", error);
        else if (policy)
            hook_event(generation, policy, event);
        else
            return;
    } while (stack.count < STACK_MOST);
}

static void engine_event(void *ctx, const struct conference_event *event)
{
    struct lua_engine *engine = ctx;
    const struct conference *conference = focus_conference(engine->focus, event->conference);
    struct generation *generation = generation_deciding(engine, conference);

    loop_assert_thread(engine->loop);
    if (!conference)
        return;
    generation->references++;
    generation_tell(generation, conference, event);
    conversations_hear(engine, event);
    shadow_event(engine, event);
    generation_release(generation);
}

/* The first who says anything of the mix is heard. */
static int engine_mix(void *ctx, struct conference *conference, struct mix_answer *answer)
{
    struct lua_engine *engine = ctx;
    struct generation *generation = generation_deciding(engine, conference);
    struct policy_stack stack = {.generation = generation, .own = conference_policy(conference)};
    enum hook_outcome outcome = HOOK_SILENT;
    struct script_policy *policy = NULL;
    char error[SCRIPT_TEXT];

    loop_assert_thread(engine->loop);
    generation->references++;
    do {
        if (stack_next(&stack, &policy, error, sizeof error)) {
            log_write(LOG_LEVEL_ERROR, conference_name(conference), NULL, "%s", error);
            outcome = HOOK_FAILED;
        } else if (policy) {
            outcome = hook_mix(generation, policy, conference, answer);
        }
    } while (policy && outcome == HOOK_SILENT);
    answer->generation = generation->number;
    generation_release(generation);
    return outcome == HOOK_FAILED ? EIO : 0;
}

static bool application_exists(void *ctx, const char *name)
{
    const struct lua_engine *engine = ctx;

    return application_find(engine->generation, name) != NULL;
}

static void application_begin(void *ctx, struct visitor *visitor, const char *name)
{
    struct lua_engine *engine = ctx;

    loop_assert_thread(engine->loop);
    conversation_begin(engine, visitor, name);
}

static int application_run(void *ctx, const char *name)
{
    struct lua_engine *engine = ctx;

    loop_assert_thread(engine->loop);
    return conversation_run(engine, name);
}

static void application_event(void *ctx, const struct conference_event *event)
{
    struct lua_engine *engine = ctx;

    loop_assert_thread(engine->loop);
    conversation_event(engine, event);
}

static json_t *engine_describe(void *ctx, const struct conference *conference)
{
    struct lua_engine *engine = ctx;
    struct generation *generation = generation_deciding(engine, conference);
    json_t *policies;

    loop_assert_thread(engine->loop);
    generation->references++;
    policies = policies_describe(generation, conference);
    generation_release(generation);
    return policies;
}

static void engine_forget(void *ctx, uint64_t conference)
{
    struct generation *generation = ((struct lua_engine *)ctx)->generations;

    for (; generation; generation = generation->next)
        policies_forget(generation, conference);
    state_forget(ctx, conference);
    pin_forget(ctx, conference);
    shadow_forget(ctx, conference);
    watchers_lose(ctx, conference);
}

int lua_engine_account(struct lua_engine *engine, const char *user, const char *realm,
                       const char *peer, struct account *account)
{
    struct generation *generation = engine->generation;
    struct account_question question = {
        .user = user, .realm = realm, .peer = peer, .account = account};
    enum hook_outcome outcome = HOOK_FAILED;
    struct script_policy *site;

    loop_assert_thread(engine->loop);
    generation->references++;
    if (policy_for(generation, generation->site_policy, NULL, &site))
        outcome = hook_account(generation, site, &question);
    generation_release(generation);
    return outcome == HOOK_DECIDED ? 0 : outcome == HOOK_SILENT ? ENOENT : EIO;
}

/* ---- the engine itself -------------------------------------------------------------------------
 */

int lua_engine_create(const struct lua_engine_config *config, struct lua_engine **enginep,
                      char *error, size_t error_size)
{
    struct lua_engine *engine;
    int result;

    if (!config || !config->loop || !config->focus || !config->site_policy || !enginep)
        return EINVAL;
    engine = calloc(1, sizeof *engine);
    if (!engine)
        return ENOMEM;
    engine->loop = config->loop;
    engine->focus = config->focus;
    engine->facts = json_object();
    engine->fetching = config->fetching;
    engine->storing = config->storing;
    engine->probation.config = config->probation;
    engine->fact_set = config->fact_set;
    engine->fact_set_arg = config->fact_set_arg;
    engine->probation.told = config->returned;
    engine->probation.told_arg = config->returned_arg;
    engine->config_file = strdup(config->config_file ? config->config_file : "");
    engine->language = strdup(config->language ? config->language : "en");
    engine->policy = (struct policy){
        .ctx = engine,
        .decide = engine_decide,
        .event = engine_event,
        .mix = engine_mix,
        .forget = engine_forget,
        .describe = engine_describe,
    };
    engine->application = (struct application){
        .ctx = engine,
        .exists = application_exists,
        .begin = application_begin,
        .run = application_run,
        .event = application_event,
    };
    if (engine->config_file && engine->language && engine->facts) {
        result = generation_make(engine,
                                 &(struct lua_engine_demand){.site_policy = config->site_policy,
                                                             .applications = config->applications},
                                 &engine->generation, error, error_size);
    } else {
        (void)snprintf(error, error_size, "out of memory for the scripts");
        result = ENOMEM;
    }
    if (result) {
        lua_engine_destroy(engine);
        return result;
    }
    engine->last_number = engine->generation->number;
    *enginep = engine;
    return 0;
}

void lua_engine_destroy(struct lua_engine *engine)
{
    if (!engine)
        return;
    conversations_close(engine);
    probation_close(engine);
    shadow_free(engine);
    lua_engine_abandon(engine);
    pins_drop(engine, true);
    generation_release(engine->generation);
    while (engine->states)
        state_forget(engine, engine->states->id);
    json_decref(engine->facts);
    free(engine->config_file);
    free(engine->language);
    free(engine);
}

const struct policy *lua_engine_policy(struct lua_engine *engine)
{
    return &engine->policy;
}

const struct application *lua_engine_application(struct lua_engine *engine)
{
    return &engine->application;
}

void lua_engine_files(const struct lua_engine *engine, void (*tell)(const char *path, void *arg),
                      void *arg)
{
    const char *path;
    json_t *hash;

    json_object_foreach(engine->generation->files, path, hash)
    {
        tell(path, arg);
    }
}

unsigned lua_engine_generation(const struct lua_engine *engine)
{
    return engine->generation->number;
}

unsigned lua_engine_generation_of(const struct lua_engine *engine,
                                  const struct conference *conference)
{
    return generation_deciding(engine, conference)->number;
}

int lua_check_script(const char *path, char *error, size_t error_size)
{
    struct generation *generation;
    int result;

    if (!path || generation_create(NULL, 1, "", &generation) != 0) {
        (void)snprintf(error, error_size, "%s: out of memory", path ? path : "?");
        return EINVAL;
    }
    result = generation_check_file(generation, path, error, error_size);
    generation_release(generation);
    return result ? EINVAL : 0;
}
