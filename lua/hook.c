/*
 * One hook call, from request or event to verdict.
 *
 * What hooks are called with, and what they may return:
 *
 *   policy.join(request, conference)             decision hooks, by verb (focus/request.h); `end`
 *                                                is called close. Return accept { … },
 *                                                reject(code, reason), pending { … }, or nothing:
 *                                                no opinion. create has no conference.
 *   policy.joined(event, conference, participant)  event hooks, by event (focus/event.h). What they
 *                                                return is ignored. What happens to a conference
 *                                                as a whole has no participant.
 *
 *   policy.account(user, realm)              asked by signalling who may prove to be `user`.
 * Returns { password = … } or { ha1 = … }, and name and groups if there are any, or nothing.
 *
 *   policy.mix(mix, conference)              media policy, see mix.c. Nothing said is no opinion.
 *
 *   policy.migrate(state, version)           conference.state as that version of the policy has
 *                                            written it. Returns what it is to be, or nothing when
 *                                            it has changed `state` itself; see migrate.c.
 *
 * Decision hooks only decide; commands (participant:mute() and so on) are for event hooks.
 */
#include "lua/hook.h"
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/options.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/state.h"

#include "core/clock.h"
#include "focus/plan.h"

#include <stdio.h>
#include <string.h>

bool hook_frame_enter(struct hook_frame *frame)
{
    struct generation *generation = frame->generation;

    frame->outer = generation->frame;
    frame->depth = frame->outer ? frame->outer->depth + 1 : 1;
    if (frame->depth > HOOK_DEPTH_MAX || !lua_checkstack(generation->running, LUA_MINSTACK))
        return false;
    generation->frame = frame;
    return true;
}

void hook_frame_leave(struct hook_frame *frame)
{
    frame->generation->frame = frame->outer;
}

/* Pushes the function and its arguments; returns how many. */
static int call_push(lua_State *L, const struct hook_frame *frame)
{
    (void)lua_rawgeti(L, LUA_REGISTRYINDEX, frame->policy->hooks[frame->hook]->function);
    if (frame->request) {
        request_push(L, frame->request);
        if (frame->request->conference)
            conference_push(L, conference_id(frame->request->conference));
        else
            lua_pushnil(L);
        return 2;
    }
    if (frame->question) {
        lua_pushstring(L, frame->question->user);
        lua_pushstring(L, frame->question->realm);
        return 2;
    }
    if (frame->plan) {
        mix_push(L);
        conference_push(L, conference_id(frame->conference));
        return 2;
    }
    if (frame->migration) {
        lua_pushvalue(L, 2);
        lua_pushinteger(L, frame->migration->version);
        return 2;
    }
    event_push(L, frame->event);
    conference_push(L, frame->event->conference);
    if (frame->event->participant)
        participant_push(L, frame->event->participant);
    else
        lua_pushnil(L);
    return 3;
}

/* Runs under lua_pcall, so everything here may raise. */
static int hook_body(lua_State *L)
{
    struct hook_frame *frame = lua_touserdata(L, 1);

    if (!frame->outer)
        options_renew(L);
    if (frame->migration)
        migration_push(L, frame->migration);
    lua_call(L, call_push(L, frame), frame->event || frame->plan ? 0 : 1);
    budget_charge(L, 0);
    if (frame->request)
        verdict_take(L, -1, frame);
    else if (frame->question)
        account_take(L, frame->question);
    else if (frame->plan)
        mix_seal(L, frame);
    else if (frame->migration)
        migration_take(L, frame->migration, 2);
    state_commit(L, frame);
    return 0;
}

/* Where the hook's function begins, for errors that have no line of their own. */
static void hook_position(const struct hook_frame *frame, char *text, size_t size)
{
    (void)snprintf(text, size, "%.100s:%d", frame->policy->display,
                   frame->policy->hooks[frame->hook]->line);
}

static enum budget_kind budget_of(const struct hook_frame *frame)
{
    return frame->event       ? BUDGET_EVENT
           : frame->plan      ? BUDGET_MIX
           : frame->migration ? BUDGET_MIGRATE
                              : BUDGET_DECISION;
}

/* Of the conference that it is about; 0: none, as yet. */
static uint64_t conference_of(const struct hook_frame *frame)
{
    const struct conference *conference =
        frame->request ? frame->request->conference : frame->conference;

    return frame->event ? frame->event->conference : conference ? conference_id(conference) : 0;
}

/* What hooks use up that are about no conference: `account` and `create` have one each, and migrate
 * is asked once for each conference that a reload finds. NULL: it is not rationed. */
static struct ration *own_ration(const struct hook_frame *frame)
{
    return frame->migration ? NULL : &frame->policy->hooks[frame->hook]->ration;
}

/* False: enough has been computed, `error` says so. */
static bool ration_allows(struct hook_frame *frame, char *error)
{
    static const char of_all[] = "its part of 10 s of computing within a minute, all that scripts "
                                 "may use together";
    static const char *const used_up[][2] = {
        [RATION_IS_USED_UP] = {"1 s of computing within a minute, all that a policy may use for "
                               "one conference",
                               "1 s of computing within a minute, all that it may use"},
        [RATIONS_ARE_USED_UP] = {of_all, of_all},
    };
    struct lua_engine *engine = frame->generation->engine;
    uint64_t conference = conference_of(frame);
    struct ration *ration = conference ? conference_ration_make(&frame->policy->rations, conference)
                                       : own_ration(frame);
    enum ration_left left =
        ration ? ration_look(ration, &engine->rations, loop_now(engine->loop)) : RATION_IS_LEFT;

    if (left == RATION_IS_LEFT)
        return true;
    frame->policy->hooks[frame->hook]->stats.refused++;
    frame->is_refused = true;
    frame->is_told = ration->is_told;
    ration->is_told = true;
    hook_position(frame, error, POSITION_TEXT);
    (void)snprintf(error + strlen(error), SCRIPT_TEXT - strlen(error),
                   ": %s for the rest of the minute, after %s",
                   conference ? "no hook is called" : "the hook is not called",
                   used_up[left][conference == 0]);
    return false;
}

/* The conference may have ended meanwhile. */
static void ration_use(const struct hook_frame *frame, uint64_t computed)
{
    uint64_t conference = conference_of(frame);
    struct ration *ration =
        conference ? conference_ration_find(frame->policy->rations, conference) : own_ration(frame);

    if (ration)
        ration_spend(ration, &frame->generation->engine->rations, computed);
}

/* False when the hook failed: `error`, of SCRIPT_TEXT bytes, says why. */
static bool hook_run(struct hook_frame *frame, char *error)
{
    struct generation *generation = frame->generation;
    lua_State *L = generation->running;
    struct budget budget;
    char fallback[POSITION_TEXT];
    int status;

    if (!ration_allows(frame, error))
        return false;
    if (!hook_frame_enter(frame)) {
        (void)snprintf(error, SCRIPT_TEXT, "more than %d hooks within each other", HOOK_DEPTH_MAX);
        return false;
    }
    lua_pushcfunction(L, message_handler);
    lua_pushcfunction(L, hook_body);
    lua_pushlightuserdata(L, frame);
    budget_begin(generation, &budget, budget_of(frame), &frame->policy->memory);
    status = lua_pcall(L, 1, 0, -3);
    generation->running = L;
    budget_end(generation, &budget);
    state_close(L, frame, status != LUA_OK);
    if (status != LUA_OK) {
        hook_position(frame, fallback, sizeof fallback);
        message_take(L, &budget, fallback, error, SCRIPT_TEXT);
    }
    lua_pop(L, 1);
    hook_frame_leave(frame);
    frame->computed = budget.computed;
    ration_use(frame, budget.computed);
    hook_stats_call(&frame->policy->hooks[frame->hook]->stats, clock_ns() - budget.began);
    return status == LUA_OK;
}

static void hook_report(struct hook_frame *frame, const char *error, const char *consequence)
{
    char what[64];

    if (frame->is_told)
        return;
    (void)snprintf(what, sizeof what, "hook %s", hook_name(frame->hook));
    script_report(&frame->policy->hooks[frame->hook]->stats, frame, error, what, consequence);
}

enum hook_outcome hook_decide(struct generation *generation, struct script_policy *policy,
                              const struct request *request, struct decision *decision)
{
    struct decision wanted = *decision;
    struct hook_frame frame = {
        .generation = generation,
        .policy = policy,
        .hook = request->verb,
        .request = request,
        .decision = &wanted,
        .conference_name = request->conference_name,
        .call = request->call,
    };
    char error[SCRIPT_TEXT], fallback[POSITION_TEXT], position[POSITION_TEXT], text[32],
        consequence[64];

    if (!policy->hooks[frame.hook])
        return HOOK_SILENT;
    if (hook_run(&frame, error)) {
        if (!frame.is_decided)
            return HOOK_SILENT;
        *decision = wanted;
        return HOOK_DECIDED;
    }
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    decide_safely(request, decision, position);
    decision_text(decision, text, sizeof text);
    (void)snprintf(consequence, sizeof consequence, "decided by safe default: %s", text);
    hook_report(&frame, error, consequence);
    return HOOK_FAILED;
}

enum hook_outcome hook_account(struct generation *generation, struct script_policy *policy,
                               struct account_question *question)
{
    struct hook_frame frame = {
        .generation = generation,
        .policy = policy,
        .hook = HOOK_ACCOUNT,
        .question = question,
    };
    char error[SCRIPT_TEXT], fallback[POSITION_TEXT], position[POSITION_TEXT];

    if (!policy->hooks[frame.hook])
        return HOOK_SILENT;
    if (hook_run(&frame, error))
        return question->is_known ? HOOK_DECIDED : HOOK_SILENT;
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    hook_report(&frame, error, "the request is refused with 500");
    return HOOK_FAILED;
}

void hook_event(struct generation *generation, struct script_policy *policy,
                const struct conference_event *event)
{
    struct focus *focus = generation->engine->focus;
    const struct conference *conference = focus_conference(focus, event->conference);
    const struct participant *participant = focus_participant(focus, event->participant);
    struct hook_frame frame = {
        .generation = generation,
        .policy = policy,
        .hook = VERB_COUNT + (unsigned)event->kind,
        .event = event,
        .conference_name = conference ? conference_name(conference) : "?",
        .call = participant ? participant_call(participant)->id : NULL,
    };
    char error[SCRIPT_TEXT], fallback[POSITION_TEXT], position[POSITION_TEXT];

    if (!policy->hooks[frame.hook] || hook_run(&frame, error))
        return;
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    hook_report(&frame, error, "conference.state is as it was before");
}

enum hook_outcome hook_mix(struct generation *generation, struct script_policy *policy,
                           const struct conference *conference, struct mix_answer *answer)
{
    struct hook_frame frame = {
        .generation = generation,
        .policy = policy,
        .hook = HOOK_MIX,
        .conference = conference,
        .conference_name = conference_name(conference),
    };
    char error[SCRIPT_TEXT] = "out of memory";
    char fallback[POSITION_TEXT], position[POSITION_TEXT];
    bool is_well;

    if (!policy->hooks[frame.hook])
        return HOOK_SILENT;
    frame.plan = plan_create();
    is_well = frame.plan && hook_run(&frame, error);
    answer->watched |= frame.watched;
    if (frame.is_refused)
        answer->again =
            rations_wait(&generation->engine->rations, loop_now(generation->engine->loop));
    if (is_well && !plan_is_empty(frame.plan)) {
        answer->plan = frame.plan;
        return HOOK_DECIDED;
    }
    plan_destroy(frame.plan);
    if (is_well)
        return HOOK_SILENT;
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    hook_report(&frame, error, "the mix stays as it was");
    return HOOK_FAILED;
}

bool hook_migrate(struct generation *generation, struct script_policy *policy,
                  struct migration *migration, char *error)
{
    struct hook_frame frame = {
        .generation = generation,
        .policy = policy,
        .hook = HOOK_MIGRATE,
        .migration = migration,
        .conference_name = migration->conference,
    };
    char fallback[POSITION_TEXT], position[POSITION_TEXT];

    bool is_made = hook_run(&frame, error);

    migration->computed = frame.computed;
    if (is_made)
        return true;
    (void)hook_stats_error(&policy->hooks[frame.hook]->stats);
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    return false;
}
