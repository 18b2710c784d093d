/*
 * Callers who wait to be let in (framework §5.5).
 *
 * Such a caller is a visitor: its audio has a mix of its own, so it is never heard in the
 * conference and never hears it. Its answer does not say `isfocus`, which would tell the phone that
 * it is in a conference that it may watch and change (RFC 4579 §4.2); the re-INVITE, or the answer,
 * that brings it in does (§5.3).
 */
#include "focus/admit.h"
#include "focus/cause.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/sound.h"
#include "focus/visitor_parts.h"
#include "focus/wishes.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>

const char *meanwhile_name(enum meanwhile meanwhile)
{
    static const char *const names[MEANWHILE_COUNT] = {
#define X(name, text) [(name)] = (text),
        MEANWHILES(X)
#undef X
    };
    return meanwhile < MEANWHILE_COUNT ? names[meanwhile] : "?";
}

/* Without an offer there can be no audio before the answer: it rings. */
static int begin(struct visitor *visitor, enum meanwhile meanwhile, struct decision *decision)
{
    int error = 0;

    switch (meanwhile) {
    case MEANWHILE_EARLY:
        error = visitor_progress(visitor, decision);
        waiting_play(visitor);
        if (error != EINVAL)
            return error;
        /* fall through */
    case MEANWHILE_RING:
        visitor_ring(visitor);
        return 0;
    default:
        return visitor_answer(visitor, decision);
    }
}

/* They know each other from now on. */
static void attach(struct pending *pending, struct visitor *visitor)
{
    visitor->pending = pending;
    pending->caller = visitor;
    pending->request.conference->waiting_count++;
    loop_timer_stop(&pending->request.conference->empty_timer);
}

void waiting_begin(struct call *call, const struct request *request, struct decision *decision)
{
    struct focus *focus = request->conference->focus;
    struct visitor *visitor;
    struct decision problem = {.code = 500};

    if (pending_add(request, decision) != EINPROGRESS) {
        refuse_call(focus, call, decision->code, decision->reason, RETRY_AFTER);
        return;
    }
    visitor = visitor_make(focus, call);
    if (!visitor) {
        pending_withdraw(focus_pending(focus, decision->pending), 503, "Out of memory");
        refuse_call(focus, call, 503, "Out of memory", RETRY_AFTER);
        return;
    }
    visitor->waits = true;
    attach(focus_pending(focus, decision->pending), visitor);
    if (begin(visitor, decision->waiting.meanwhile, &problem))
        visitor_dismiss(visitor, problem.code, problem.reason);
}

/* Whether the call rings or is answered is its application's. */
int waiting_join(struct visitor *visitor, const struct request *request, struct decision *decision)
{
    int error = pending_add(request, decision);

    if (error != EINPROGRESS)
        return error;
    attach(focus_pending(visitor->focus, decision->pending), visitor);
    visitor_stop(visitor);
    waiting_play(visitor);
    return error;
}

void waiting_play(struct visitor *visitor)
{
    const struct pending *pending = visitor->pending;
    struct music music = music_asked(pending->request.conference, &pending->decision.params);
    struct play_config config;
    enum meanwhile meanwhile = pending->decision.waiting.meanwhile;

    if ((meanwhile != MEANWHILE_MUSIC && meanwhile != MEANWHILE_EARLY) || !music.file ||
        !*music.file || !visitor_has_audio(visitor))
        return;
    music_play(&music, MIX_MAIN, &config);
    if (playback_begin(&(struct playback){.visitor = visitor}, &config))
        log_write(LOG_LEVEL_ERROR, pending->request.conference->name, visitor_call(visitor)->id,
                  "hold_music: cannot be played to who waits");
}

bool waiting_lose_music(struct visitor *visitor, const char *file, const char *problem)
{
    struct pending *pending = visitor->pending;
    char *own = pending ? pending->decision.params.hold_music : NULL;

    if (!own || strcmp(own, file) != 0 ||
        music_asked(pending->request.conference, &pending->decision.params).file != own)
        return false;
    log_write(LOG_LEVEL_ERROR, pending->request.conference->name, visitor_call(visitor)->id,
              "%s: hold_music: %s", pending->decision.by, problem);
    music_wish(pending->request.conference, &pending->decision.params);
    if (strcmp(own, file) != 0)
        waiting_play(visitor);
    return true;
}

void visitor_play_music(struct visitor *visitor)
{
    if (visitor->pending)
        waiting_play(visitor);
}

/* Its visitor and what is pending know each other no longer. */
static struct visitor *detach(struct pending *pending)
{
    struct visitor *visitor = pending->caller;

    pending->caller = NULL;
    visitor->pending = NULL;
    pending->request.conference->waiting_count--;
    return visitor;
}

void waiting_gone(struct visitor *visitor, int code, const char *reason)
{
    struct pending *pending = visitor->pending;

    (void)detach(pending);
    pending_withdraw(pending, code ? code : 487, reason);
}

/* Its application hears what has become of it, and goes on. */
static void tell_application(const struct visitor *visitor, const struct decision *result)
{
    struct conference_event event = {
        .kind = EVENT_DECIDED,
        .visitor = visitor->id,
        .on = result->verdict == DECISION_ACCEPT,
        .code = result->code,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s", result->reason);
    events_post(visitor->focus, &event);
}

void waiting_refuse(struct pending *pending, const struct decision *result)
{
    struct visitor *visitor = detach(pending);
    int code = result->code < 300 && !visitor_is_answered(visitor) ? 480 : result->code;

    if (visitor->waits) {
        visitor_dismiss(visitor, code, result->reason);
        return;
    }
    visitor_stop(visitor);
    tell_application(visitor, result);
}

/* It could not be brought in, and is still there. */
static void stay_out(struct visitor *visitor, struct decision *result)
{
    result->verdict = DECISION_REJECT;
    if (visitor->waits)
        visitor_dismiss(visitor, result->code, result->reason);
    else
        tell_application(visitor, result);
}

int waiting_enter(struct pending *pending, struct decision *result)
{
    const struct request *request = &pending->request;
    struct focus *focus = request->conference->focus;
    struct participant *target =
        request->verb == VERB_REPLACE ? focus_participant(focus, request->target) : NULL;
    struct visitor *visitor = detach(pending);
    bool has_application = !visitor->waits;
    struct wishes *wishes;
    struct decision refusal;
    int error;

    /* Who asks for privacy gets it, whoever decides (RFC 3323 §4). */
    result->params.anonymous |= visitor_call(visitor)->caller.anonymous;
    cause_keep_secret(result, request->verb);
    if (decide_others(request, visitor_call(visitor), result, &wishes, &refusal)) {
        result->code = refusal.code;
        (void)snprintf(result->reason, sizeof result->reason, "%s", refusal.reason);
        stay_out(visitor, result);
        return ECANCELED;
    }
    error = visitor_go_in(visitor, request->conference, target, result);
    if (error == EAGAIN)
        stay_out(visitor, result);
    if (error) {
        wishes_free(wishes);
        return ECANCELED;
    }
    wishes_carry_out(wishes);
    if (has_application)
        tell_application(visitor, result);
    return 0;
}
