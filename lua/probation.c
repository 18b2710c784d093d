/* Errors after a reload are counted, and when they are too many the last good generation returns.
 */
#include "lua/probation.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/private.h"
#include "lua/shadow.h"
#include "lua/state.h"

#include "core/log.h"

static bool has_failed(const struct lua_engine *engine, const struct generation *generation)
{
    return failures_are_too_many(&generation->failures, &engine->probation.config,
                                 loop_now(engine->loop));
}

/* ---- coming back ---------------------------------------------------------------------------- */

/* Whether one of the conference's policies had another version. */
static bool is_changed(const struct conference *conference, const struct generation *bad,
                       struct generation *good)
{
    struct policy_stack stack = {.generation = good, .own = conference_policy(conference)};
    struct script_policy *policy;
    char error[SCRIPT_TEXT];

    while (stack_next(&stack, &policy, error, sizeof error) == 0 && policy) {
        const struct script_policy *other = generation_loaded(bad, stack.name);

        if (other && other->version != policy->version)
            return true;
    }
    return false;
}

/* What the bad generation has written stays, unless the good one could not read it: then the state
 * is as it was before it was migrated, or, of a conference that is newer than that, empty. */
static void states_return(struct lua_engine *engine, const struct generation *bad,
                          struct generation *good)
{
    struct conference *conference = NULL;

    while ((conference = focus_next_conference(engine->focus, conference))) {
        struct conference_state *record = state_find(engine, conference_id(conference));

        if (!record || pin_find(engine, conference) || state_return(record, good->number) ||
            !record->bytes || !is_changed(conference, bad, good))
            continue;
        log_write(
            LOG_LEVEL_WARN, conference_name(conference), NULL,
            "conference.state was written by another version of the policy, and is empty now");
        state_clear(record);
    }
}

static void tell_return(struct lua_engine *engine, const struct generation *bad,
                        const struct generation *good, const struct conference *conference)
{
    const struct failing_place *worst = failures_worst(&bad->failures);
    const char *name = conference ? conference_name(conference) : NULL;

    log_write(LOG_LEVEL_ERROR, name, NULL,
              "script generation %u has failed %u times, %u of them at %s: generation %u decides "
              "again%s%s",
              bad->number, bad->failures.count, worst->count, worst->position, good->number,
              name ? " about " : "", name ? name : "");
    json_decref(engine->probation.returned);
    engine->probation.returned = json_pack(
        "{s:i, s:i, s:i, s:s, s:i, s:I, s:s*}", "from", (int)bad->number, "to", (int)good->number,
        "errors", (int)bad->failures.count, "worst", worst->position, "worst_errors",
        (int)worst->count, "at", (json_int_t)loop_time(engine->loop), "conference", name);
}

static void reserve_return(struct lua_engine *engine)
{
    struct generation *bad = engine->generation, *good = engine->probation.reserve;

    loop_timer_stop(&engine->probation.end);
    engine->probation.reserve = NULL;
    tell_return(engine, bad, good, NULL);
    states_return(engine, bad, good);
    shadow_end(engine, "the scripts were taken back");
    good->failures = (struct failures){0};
    engine->generation = good;
    generation_release(bad);
    if (engine->probation.told)
        engine->probation.told(engine->probation.told_arg);
    focus_reloaded(engine->focus);
}

/* No hook is on the C stack. */
static void look(void *arg)
{
    struct lua_engine *engine = arg;
    struct conference_pin *pin, *next;
    char error[SCRIPT_TEXT];

    HASH_ITER(hh, engine->pins, pin, next)
    {
        struct conference *conference = focus_conference(engine->focus, pin->id);

        if (!pin->is_canary || !conference || !has_failed(engine, pin->generation))
            continue;
        tell_return(engine, pin->generation, engine->generation, conference);
        if (lua_engine_call_back(engine, conference, error, sizeof error))
            log_error("%s", error);
    }
    if (engine->probation.reserve && has_failed(engine, engine->generation))
        reserve_return(engine);
}

/* Whether that may come to an end by itself. */
static bool is_on_trial(const struct lua_engine *engine, const struct generation *generation)
{
    return engine->probation.reserve || generation != engine->generation;
}

void probation_fail(struct generation *generation, const char *error, const char *party)
{
    struct lua_engine *engine = generation->engine;

    if (!failures_add(&generation->failures, &engine->probation.config, loop_now(engine->loop),
                      error, party) &&
        is_on_trial(engine, generation) && (generation->failures.left_out % 100) == 1)
        log_warn("script generation %u: errors that %s brings about count no more: within that "
                 "time, %u of one caller or conference do",
                 generation->number, *party ? party : "nobody",
                 failures_share(&engine->probation.config));
    if (!engine->probation.look && has_failed(engine, generation))
        (void)loop_timer_start(engine->loop, &engine->probation.look, 0, look, engine);
}

/* ---- the time that it takes ----------------------------------------------------------------- */

/* What was kept for a return that cannot be any more. */
static void states_settle(struct lua_engine *engine)
{
    struct conference_state *record;

    for (record = engine->states; record; record = record->hh.next) {
        for (unsigned i = 0; i < STATE_FORMS_MOST; i++) {
            if (!probation_may_return(engine, record->before[i].generation))
                kept_state_drop(&record->before[i]);
        }
    }
}

static void reserve_drop(struct lua_engine *engine)
{
    generation_release(engine->probation.reserve);
    engine->probation.reserve = NULL;
}

static void on_end(void *arg)
{
    struct lua_engine *engine = arg;

    log_info("script generation %u has proven itself", engine->generation->number);
    reserve_drop(engine);
    states_settle(engine);
}

void probation_begin(struct lua_engine *engine)
{
    struct probation *probation = &engine->probation;
    struct generation *old = engine->generation;

    json_decref(probation->returned);
    probation->returned = NULL;
    if (probation->config.errors == 0 || probation->config.lasts == 0) {
        loop_timer_stop(&probation->end); /* of one before, when there was still a probation */
        reserve_drop(engine);
        generation_release(old);
        return;
    }
    if (probation->reserve && old->failures.count > 0) {
        generation_release(old);
    } else {
        reserve_drop(engine);
        probation->reserve = old;
        old->failures = (struct failures){0};
    }
    (void)loop_timer_start(engine->loop, &probation->end, probation->config.lasts, on_end, engine);
}

bool probation_may_return(const struct lua_engine *engine, unsigned number)
{
    return number == engine->generation->number ||
           (engine->probation.reserve && number == engine->probation.reserve->number);
}

void probation_close(struct lua_engine *engine)
{
    loop_timer_stop(&engine->probation.end);
    loop_timer_stop(&engine->probation.look);
    reserve_drop(engine);
    json_decref(engine->probation.returned);
    engine->probation.returned = NULL;
}

unsigned lua_engine_reserve(const struct lua_engine *engine)
{
    return engine->probation.reserve ? engine->probation.reserve->number : 0;
}

void lua_engine_set_probation(struct lua_engine *engine, const struct probation_config *config)
{
    engine->probation.config = *config;
}
