/*
 * One hook call, from request or event to verdict, and what is done when it fails.
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
#include "lua/shadow.h"
#include "lua/state.h"

#include "core/clock.h"
#include "core/log.h"
#include "focus/plan.h"

#include <stdio.h>
#include <string.h>

enum { ERRORS_LOGGED = 10 }; /* a minute; of more, every hundredth */

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

/* False when the hook failed: `error`, of SCRIPT_TEXT bytes, says why. */
static bool hook_run(struct hook_frame *frame, char *error)
{
    struct generation *generation = frame->generation;
    lua_State *L = generation->running;
    struct budget budget;
    char fallback[POSITION_TEXT];
    int status;

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
    hook_stats_call(&frame->policy->hooks[frame->hook]->stats, clock_ns() - budget.began);
    return status == LUA_OK;
}

void script_report(struct hook_stats *stats, const struct hook_frame *frame, const char *error,
                   const char *what, const char *consequence)
{
    unsigned recent = hook_stats_error(stats);
    char party[PARTY_TEXT];

    if (frame->generation->shadow) {
        shadow_fail(frame->generation->shadow, error);
        return;
    }
    failures_party(frame, party);
    probation_fail(frame->generation, error, party);
    if (recent > ERRORS_LOGGED && stats->errors % 100 != 0)
        return;
    log_write(LOG_LEVEL_ERROR, frame->conference_name, frame->call,
              "%s - %s%s%s%s%s; %s. %u%s error%s in %d s.", error, what,
              frame->conference_name ? ", conference " : "",
              frame->conference_name ? frame->conference_name : "", frame->call ? ", call " : "",
              frame->call ? frame->call : "", consequence, recent,
              recent == ERRORS_KEPT ? " or more" : "", recent == 1 ? "" : "s", ERROR_WINDOW);
}

static void hook_report(struct hook_frame *frame, const char *error, const char *consequence)
{
    char what[64];

    (void)snprintf(what, sizeof what, "hook %s", hook_name(frame->hook));
    script_report(&frame->policy->hooks[frame->hook]->stats, frame, error, what, consequence);
}

/* "reject 500", for the log */
void decision_text(const struct decision *decision, char *text, size_t size)
{
    if (decision->verdict != DECISION_REJECT)
        (void)snprintf(text, size, decision->verdict == DECISION_ACCEPT ? "accept" : "pending");
    else
        (void)snprintf(text, size, "reject %d", decision->code);
}

void decide_safely(const struct request *request, struct decision *decision, const char *by)
{
    memset(decision, 0, sizeof *decision);
    decision->params = request->params;
    decision->verdict = verb_default(request);
    decision->code = 403;
    decision->failed = true;
    (void)snprintf(decision->by, sizeof decision->by, "%s", by);
    /* What a policy would have said to a caller nobody knows; scripts and the server mean well. */
    if (request->actor.kind == ACTOR_CALLER || request->verb == VERB_CREATE ||
        request->verb == VERB_JOIN || request->verb == VERB_REPLACE ||
        request->verb == VERB_INVITE || request->verb == VERB_SUBSCRIBE) {
        decision->verdict = DECISION_REJECT;
        decision->code = 500;
        (void)snprintf(decision->reason, sizeof decision->reason, "Policy error");
    }
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

    if (hook_run(&frame, error))
        return true;
    (void)hook_stats_error(&policy->hooks[frame.hook]->stats);
    hook_position(&frame, fallback, sizeof fallback);
    error_position(error, fallback, position, sizeof position);
    return false;
}
