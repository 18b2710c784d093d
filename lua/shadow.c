/* The candidate beside the live policies: asking it, and what comes out differently. */
#include "lua/shadow.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/hook.h"
#include "lua/private.h"
#include "lua/state.h"

#include "core/clock.h"
#include "core/log.h"
#include "focus/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KINDS_MOST = 32, /* of differences that are told apart */
    DIFFERENCE_TEXT = 160,
    WINDOW_NS = 1000000000, /* of this time … */
    SPENT_NS = 100000000,   /* … the candidate may have so much */
};

/* ---- whether it is asked -------------------------------------------------------------------- */

/* Whether what it stands in for decides about the conference; NULL: about what is not there. */
static bool is_concerned(const struct shadow *shadow, const struct conference *conference)
{
    const char *own = conference ? conference_policy(conference) : "";
    char name[POLICY_NAME];

    if (*shadow->conference &&
        (!conference || strcmp(conference_name(conference), shadow->conference) != 0))
        return false;
    if (strcmp(shadow->generation->site_policy, shadow->stands_for) == 0)
        return true;
    for (unsigned i = 0; stack_name(own, i, name, sizeof name); i++) {
        if (strcmp(name, shadow->stands_for) == 0)
            return true;
    }
    return false;
}

/* Its calls come on top of those that count, so there is a limit to them all together. */
static bool has_time(struct shadow *shadow)
{
    uint64_t now = clock_ns();

    if (now - shadow->window >= WINDOW_NS) {
        shadow->window = now;
        shadow->spent = 0;
    }
    return shadow->spent < SPENT_NS;
}

static struct shadow *shadow_begin(struct lua_engine *engine, const struct conference *conference)
{
    struct shadow *shadow = engine->shadow;

    if (!shadow || !shadow->generation || shadow->is_asked || !is_concerned(shadow, conference))
        return NULL;
    if (!has_time(shadow)) {
        shadow->left_out++;
        return NULL;
    }
    shadow->is_asked = true;
    return shadow;
}

/* What the live policies keep of the conference, in the form of the candidate. */
static void state_take(struct shadow *shadow, const struct conference *conference)
{
    struct generation *live = generation_deciding(shadow->engine, conference);
    struct migrations migrations = {0};
    struct migration *migration;
    char error[SCRIPT_TEXT];

    if (!conference || state_kept(shadow->states, conference_id(conference)))
        return;
    if (migration_add(&migrations, conference, live, shadow->generation, error, sizeof error))
        shadow_fail(shadow, error);
    migration = migrations.list;
    if (migration &&
        state_keep(&shadow->states, conference_id(conference), migration->bytes, migration->size))
        migration->bytes = NULL;
    migrations_free(&migrations);
}

static void shadow_done(struct shadow *shadow, uint64_t began)
{
    shadow->spent += clock_ns() - began;
    shadow->is_asked = false;
}

/* ---- what comes out ------------------------------------------------------------------------- */

static bool is_same(const struct request *request, const struct decision *a,
                    const struct decision *b)
{
    return a->verdict == b->verdict && (a->verdict != DECISION_REJECT || a->code == b->code) &&
           (a->verdict != DECISION_ACCEPT ||
            !params_differing(verb_params(request->verb), &a->params, &b->params));
}

/* "accept", and what of it is not as `other` has it. */
static void verdict_text(const struct request *request, const struct decision *decision,
                         const struct decision *other, char *text, size_t size)
{
    param_set differing =
        decision->verdict == DECISION_ACCEPT && other->verdict == DECISION_ACCEPT
            ? params_differing(verb_params(request->verb), &decision->params, &other->params)
            : 0;
    size_t length;

    decision_text(decision, text, size);
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        length = strlen(text);
        if (differing & ((param_set)1 << i))
            (void)snprintf(text + length, size - length, "%s%s",
                           strchr(text, ' ') ? ", " : " with another ", param_at(i)->name);
    }
}

/* Each kind is told when it comes first, and counted from then on. */
static void difference_note(struct shadow *shadow, const struct request *request,
                            const struct decision *live, const struct decision *candidate)
{
    char says[DIFFERENCE_TEXT], would[DIFFERENCE_TEXT], key[2 * DIFFERENCE_TEXT + 300];
    json_t *kind;

    shadow->differences++;
    decision_text(live, says, sizeof says);
    verdict_text(request, candidate, live, would, sizeof would);
    (void)snprintf(key, sizeof key, "%s: live says %s (%s), candidate says %s (%s)",
                   verb_name(request->verb), says, live->by, would, candidate->by);
    kind = json_object_get(shadow->kinds, key);
    if (kind) {
        json_integer_set(kind, json_integer_value(kind) + 1);
    } else if (json_object_size(shadow->kinds) < KINDS_MOST) {
        (void)json_object_set_new(shadow->kinds, key, json_integer(1));
        log_write(LOG_LEVEL_INFO, request->conference_name, request->call, "shadow: %s, of %s", key,
                  request->actor.uri ? request->actor.uri : "?");
    }
}

void shadow_decide(struct lua_engine *engine, const struct request *request,
                   const struct decision *before, const struct decision *decision)
{
    struct shadow *shadow = shadow_begin(engine, request->conference);
    struct decision candidate = *before;
    uint64_t began = clock_ns(), errors;

    if (!shadow)
        return;
    errors = shadow->errors;
    state_take(shadow, request->conference);
    generation_decide(shadow->generation, request, &candidate);
    shadow->requests++;
    if (shadow->errors == errors && !is_same(request, decision, &candidate))
        difference_note(shadow, request, decision, &candidate);
    shadow_done(shadow, began);
}

void shadow_event(struct lua_engine *engine, const struct conference_event *event)
{
    const struct conference *conference = focus_conference(engine->focus, event->conference);
    struct shadow *shadow = conference ? shadow_begin(engine, conference) : NULL;
    uint64_t began = clock_ns();

    if (!shadow)
        return;
    state_take(shadow, conference);
    generation_tell(shadow->generation, conference, event);
    shadow_done(shadow, began);
}

void shadow_fail(struct shadow *shadow, const char *error)
{
    if (shadow->errors++ < 10 || shadow->errors % 100 == 0)
        log_warn("shadow: %s (error %llu of the candidate, which harms nobody)", error,
                 (unsigned long long)shadow->errors);
}

/* ---- its life ------------------------------------------------------------------------------- */

void shadow_forget(struct lua_engine *engine, uint64_t conference)
{
    if (engine->shadow)
        state_drop(&engine->shadow->states, conference);
}

void shadow_end(struct lua_engine *engine, const char *why)
{
    struct shadow *shadow = engine->shadow;

    if (!shadow || !shadow->generation)
        return;
    loop_timer_stop(&shadow->end);
    while (shadow->states)
        state_drop(&shadow->states, shadow->states->id);
    shadow->generation->shadow = NULL;
    generation_release(shadow->generation);
    shadow->generation = NULL;
    if (*why)
        log_info("shadow: %s: no longer, since %s: %llu requests, %llu differences, %llu errors",
                 shadow->file, why, (unsigned long long)shadow->requests,
                 (unsigned long long)shadow->differences, (unsigned long long)shadow->errors);
}

static void release(struct shadow *shadow)
{
    free(shadow->file);
    free(shadow->stands_for);
    free(shadow->conference);
    json_decref(shadow->kinds);
    free(shadow);
}

void shadow_free(struct lua_engine *engine)
{
    if (!engine->shadow)
        return;
    shadow_end(engine, "");
    release(engine->shadow);
    engine->shadow = NULL;
}

static void on_end(void *arg)
{
    shadow_end(arg, "its time is over");
}

/* "lecture" of "policy/lecture.lua". */
static void base_name(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strlen(base);

    if (length > 4 && strcmp(base + length - 4, ".lua") == 0)
        length -= 4;
    (void)snprintf(name, size, "%.*s", (int)length, base);
}

static bool is_meant(const char *policy, const char *wanted)
{
    char name[POLICY_NAME];

    base_name(policy, name, sizeof name);
    return strcmp(policy, wanted) == 0 || strcmp(name, wanted) == 0;
}

/* The policy in use that is meant, as conferences name it; NULL: none. */
static const char *policy_meant(const struct lua_engine *engine, const char *wanted)
{
    const struct script_policy *policy = engine->generation->policies;

    while (policy && !is_meant(policy->name, wanted))
        policy = policy->next;
    return policy ? policy->name : NULL;
}

static struct shadow *shadow_make(struct lua_engine *engine, const struct shadow_config *config,
                                  const char *stands_for)
{
    struct shadow *shadow = calloc(1, sizeof *shadow);

    if (!shadow)
        return NULL;
    shadow->engine = engine;
    shadow->file = strdup(config->file);
    shadow->stands_for = strdup(stands_for);
    shadow->conference = strdup(config->conference ? config->conference : "");
    shadow->kinds = json_object();
    if (shadow->file && shadow->stands_for && shadow->conference && shadow->kinds)
        return shadow;
    release(shadow);
    return NULL;
}

/* The candidate in the place of what it stands for; the others are loaded as they come. */
static int candidate_load(struct shadow *shadow, char *error, size_t error_size)
{
    struct lua_engine *engine = shadow->engine;
    struct script_policy *policy;
    int result = generation_create(engine, engine->last_number, engine->generation->site_policy,
                                   &shadow->generation);

    if (result) {
        shadow->generation = NULL;
        (void)snprintf(error, error_size, "out of memory for the scripts");
        return result;
    }
    shadow->generation->shadow = shadow;
    result = generation_load(shadow->generation, shadow->stands_for, shadow->file, shadow->file,
                             &policy, error, error_size);
    if (result)
        generation_release(shadow->generation);
    return result;
}

int lua_engine_shadow(struct lua_engine *engine, const struct shadow_config *config, char *error,
                      size_t error_size)
{
    char name[POLICY_NAME];
    const char *wanted = config->stands_for, *meant;
    struct shadow *shadow;
    int result;

    loop_assert_thread(engine->loop);
    base_name(config->file, name, sizeof name);
    meant = policy_meant(engine, wanted ? wanted : name);
    if (!meant) {
        (void)snprintf(error, error_size,
                       "no policy '%s' is in use that %s could stand in for: name one by --for",
                       wanted ? wanted : name, config->file);
        return EINVAL;
    }
    shadow = shadow_make(engine, config, meant);
    if (!shadow) {
        (void)snprintf(error, error_size, "out of memory for the scripts");
        return ENOMEM;
    }
    result = candidate_load(shadow, error, error_size);
    if (result) {
        release(shadow);
        return result;
    }
    shadow_free(engine);
    engine->shadow = shadow;
    if (config->lasts > 0)
        (void)loop_timer_start(engine->loop, &engine->shadow->end, config->lasts, on_end, engine);
    log_info("shadow: %s is asked in place of %s, beside it", config->file, meant);
    return 0;
}

int lua_engine_shadow_stop(struct lua_engine *engine)
{
    if (!engine->shadow || !engine->shadow->generation)
        return ENOENT;
    shadow_end(engine, "it was stopped");
    return 0;
}

json_t *shadow_status(const struct shadow *shadow)
{
    if (!shadow)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:O}", "file", shadow->file, "for",
                     shadow->stands_for, "conference", shadow->conference, "running",
                     shadow->generation != NULL, "requests", (json_int_t)shadow->requests,
                     "differences", (json_int_t)shadow->differences, "errors",
                     (json_int_t)shadow->errors, "left_out", (json_int_t)shadow->left_out, "kinds",
                     shadow->kinds);
}
