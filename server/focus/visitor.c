/* Callers in an application, or who wait for a decision: their calls, their media, their end. */
#include "focus/admit.h"
#include "focus/announce.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT_FADE = 10 }; /* ms */

/* The special information tone of ITU-T E.180 §3.9: what was asked for cannot be had. */
#define FAILURE_TONE "tone:950/330,1400/330,1800/330"

static struct visitor *make(struct focus *focus, struct call *call)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);

    if (!visitor)
        return NULL;
    visitor->party = PARTY_VISITOR;
    visitor->id = id_next();
    visitor->focus = focus;
    visitor->call = call;
    visitor->since = loop_time(focus->loop);
    HASH_ADD(hh, focus->visitors, id, sizeof visitor->id, visitor);
    return visitor;
}

struct visitor *visitor_make(struct focus *focus, struct call *call)
{
    struct visitor *visitor = make(focus, call);

    if (!visitor)
        return NULL;
    focus->signalling->set_user(call, visitor);
    focus->calls++;
    return visitor;
}

struct visitor *visitor_attach(struct participant *participant)
{
    struct visitor *visitor = make(participant->conference->focus, participant->call);

    if (!visitor)
        return NULL;
    visitor->answered = visitor->up = true;
    visitor->participant = participant;
    participant->visitor = visitor;
    return visitor;
}

int visitor_make_mix(struct visitor *visitor)
{
    const struct mixing *mixing = visitor->focus->mixing;

    return visitor->mix ? 0 : mixing->mix_create(mixing->ctx, &visitor->mix);
}

void visitor_drop_mix(struct visitor *visitor)
{
    if (visitor->mix)
        visitor->focus->mixing->mix_destroy(visitor->mix); /* what still plays goes with it */
    visitor->mix = NULL;
    playbacks_forget(&visitor->playbacks);
}

void visitor_free(struct visitor *visitor)
{
    struct focus *focus = visitor->focus;

    HASH_DEL(focus->visitors, visitor);
    if (visitor->participant)
        visitor->participant->visitor = NULL;
    loop_timer_stop(&visitor->step_timer);
    if (visitor->leg)
        focus->mixing->leg_close(visitor->leg);
    visitor_drop_mix(visitor);
    free(visitor);
}

bool visitor_admit(struct focus *focus, struct call *call)
{
    const struct application *application = focus->application;
    const struct call_info *info = focus->signalling->info(call);
    struct visitor *visitor;

    if (!focus_has_application(focus, info->requested_user, info->requested_host))
        return false;
    visitor = visitor_make(focus, call);
    if (!visitor) {
        refuse_call(focus, call, 503, "Out of memory", RETRY_AFTER);
        return true;
    }
    log_write(LOG_LEVEL_INFO, NULL, info->id, "%s talks with the application %s", info->caller.uri,
              info->requested_user);
    application->begin(application->ctx, visitor, info->requested_user);
    return true;
}

bool focus_has_application(const struct focus *focus, const char *user, const char *host)
{
    const struct application *application = focus->application;

    return application && focus_may_serve(focus, user, host) &&
           application->exists(application->ctx, user);
}

/* ---- media ---------------------------------------------------------------------------------- */

/* Who has answered something of ours is there: a challenge, or a connection. */
static bool is_proven(const struct visitor *visitor)
{
    const struct caller *caller = &visitor_call(visitor)->caller;
    const char *transport = strrchr(caller->peer, ';');

    return visitor->up || (visitor->participant && visitor->participant->joined) ||
           caller->authenticated || !transport || strcmp(transport, ";udp") != 0;
}

void visitor_compute(const struct visitor *visitor, struct leg_route *route)
{
    /* A forged INVITE must not aim our audio at its victim. */
    *route = (struct leg_route){.is_cautious = !is_proven(visitor)};
    for (unsigned bus = 0; bus < MIX_BUSES; bus++)
        route->speaks[bus] = route->hears[bus] = GAIN_OFF;
    route->hears[MIX_MAIN] = 0;
}

static int route(struct visitor *visitor)
{
    struct leg_route route;

    visitor_compute(visitor, &route);
    return visitor->focus->mixing->leg_route(visitor->leg, &route);
}

static int open_leg(struct visitor *visitor)
{
    const struct mixing *mixing = visitor->focus->mixing;
    const struct call_info *info = visitor_call(visitor);
    struct leg_voice voice = {.keys = visitor->focus->sound.voice.keys};
    struct leg_config config = {
        .family = info->family,
        .timeout = visitor->focus->media_timeout,
        .name = info->id,
        .user = visitor,
    };
    int error = visitor_make_mix(visitor);

    if (!error)
        error = mixing->leg_create(visitor->mix, &config, &visitor->leg);
    if (error)
        return error;
    mixing->leg_voice(visitor->leg, &voice);
    return 0;
}

/* A way for audio, and how the call is answered with it. */
static int open_media(struct visitor *visitor, struct answer *answer, struct decision *decision)
{
    const struct call_info *info = visitor_call(visitor);
    const char *reason = "";
    int error = visitor->leg ? 0 : open_leg(visitor);

    *decision = (struct decision){
        .verdict = DECISION_REJECT, .code = 500, .reason = "The call cannot be answered"};
    if (error) {
        decision->code = media_failure(info->requested_user, info->id, error, &reason);
        (void)snprintf(decision->reason, sizeof decision->reason, "%s", reason);
        return error;
    }
    *answer = (struct answer){.contact_user = info->requested_user};
    visitor->focus->mixing->leg_address(visitor->leg, &answer->media);
    return 0;
}

void visitor_session(struct visitor *visitor, const struct session *session)
{
    visitor->is_source = session->held && (visitor->is_source || !visitor->has_session);
    visitor->held_by_phone = session->held && !visitor->is_source;
    visitor->direction = session->direction;
    visitor->has_session = true;
    visitor->has_audio = session->format_count > 0;
    visitor->focus->mixing->leg_session(visitor->leg, session);
}

void visitor_stats(const struct visitor *visitor, struct leg_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    if (visitor->leg)
        visitor->focus->mixing->leg_stats(visitor->leg, stats);
}

/* ---- answering ------------------------------------------------------------------------------ */

void visitor_ring(struct visitor *visitor)
{
    if (!visitor->answered && !visitor->early)
        visitor->focus->signalling->progress(visitor->call, 180, NULL);
}

int visitor_progress(struct visitor *visitor, struct decision *decision)
{
    struct answer answer;
    int error;

    if (visitor->answered)
        return EINVAL;
    if (visitor->early)
        return 0;
    error = open_media(visitor, &answer, decision);
    if (!error)
        error = visitor->focus->signalling->early(visitor->call, &answer);
    if (!error)
        error = route(visitor);
    visitor->early = !error;
    return error;
}

int visitor_answer(struct visitor *visitor, struct decision *decision)
{
    struct answer answer;
    int error;

    if (visitor->answered)
        return EINVAL;
    error = open_media(visitor, &answer, decision);
    if (!error)
        error = visitor->focus->signalling->answer(visitor->call, &answer);
    visitor->answered = !error;
    return error;
}

/* The ACK is here. */
void visitor_established(struct visitor *visitor)
{
    if (visitor->up)
        return;
    visitor->up = true;
    visitor->since = loop_time(visitor->focus->loop);
    if (route(visitor)) {
        visitor_remove(visitor, 500, "Out of memory");
        return;
    }
    if (visitor->waits) {
        waiting_play(visitor);
        return;
    }
    events_post(visitor->focus,
                &(struct conference_event){.kind = EVENT_JOINED, .visitor = visitor->id});
}

/* ---- playing -------------------------------------------------------------------------------- */

int visitor_play(struct visitor *visitor, const char *file, float gain, uint64_t *playbackp)
{
    struct play_config config = {.file = file, .bus = MIX_MAIN, .gain = gain, .fade = PROMPT_FADE};

    if (!visitor_has_audio(visitor))
        return ENODATA;
    visitor_stop(visitor);
    *playbackp = id_next();
    return playback_begin(&(struct playback){.id = *playbackp, .visitor = visitor}, &config);
}

const char *visitor_language(const struct visitor *visitor)
{
    return visitor->participant ? visitor->participant->language : visitor->language;
}

void visitor_set_language(struct visitor *visitor, const char *language)
{
    char *kept = visitor->participant ? visitor->participant->language : visitor->language;

    (void)snprintf(kept, LANGUAGE_SIZE, "%s", language);
}

void visitor_stop(struct visitor *visitor)
{
    playbacks_stop(&(struct playback){.visitor = visitor, .bus = MIX_MAIN}, "stopped");
}

void visitor_played(struct visitor *visitor, const struct playback *playback, const char *problem)
{
    struct conference_event event = {
        .kind = EVENT_PLAYED, .visitor = visitor->id, .playback = playback->id};

    if (problem && waiting_lose_music(visitor, playback->file, problem))
        return;
    if (problem)
        log_write(LOG_LEVEL_ERROR, NULL, visitor_call(visitor)->id, "%s", problem);
    if (playback->stopped || visitor->waits) /* something else plays, or the tone of a failure */
        return;
    if (visitor->failed) {
        visitor_dismiss(visitor, 500, "Application error");
        return;
    }
    (void)snprintf(event.reason, sizeof event.reason, "%s", problem ? problem : "");
    events_post(visitor->focus, &event);
}

/* ---- elsewhere ------------------------------------------------------------------------------ */

int visitor_transfer(struct visitor *visitor, const char *target, unsigned timeout)
{
    if (!visitor->up || visitor->participant)
        return EBUSY;
    return visitor->focus->signalling->transfer(visitor->call, target, timeout);
}

void visitor_transferred(struct visitor *visitor, int code, const char *reason)
{
    struct conference_event event = {.kind = EVENT_CHANGED, .visitor = visitor->id, .code = code};

    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    events_post(visitor->focus, &event);
}

/* ---- the end -------------------------------------------------------------------------------- */

void visitor_leave(struct visitor *visitor, int code, const char *reason)
{
    if (!visitor->waits)
        log_write(LOG_LEVEL_INFO, NULL, visitor_call(visitor)->id,
                  "%s leaves the application %s: %s", visitor_call(visitor)->caller.uri,
                  visitor_call(visitor)->requested_user, reason);
    if (visitor->pending)
        waiting_gone(visitor, code, reason);
    visitor->focus->signalling->set_user(visitor->call, CALL_HAS_LEFT);
    visitor_free(visitor);
}

void visitor_dismiss(struct visitor *visitor, int code, const char *reason)
{
    const struct signalling *signalling = visitor->focus->signalling;
    struct call *call = visitor->call;
    bool answered = visitor->answered;

    visitor_leave(visitor, code, *reason ? reason : "refused");
    if (answered)
        signalling->end(call, code, reason);
    else
        signalling->reject(call, code, reason, 0);
}

int visitor_redirect(struct visitor *visitor, const char *target)
{
    struct focus *focus = visitor->focus;
    const struct conference *conference = focus_conference_by_name(focus, target);
    int error = visitor->answered
                    ? EINVAL
                    : focus->signalling->redirect(visitor->call, target, conference != NULL);

    if (!error)
        visitor_leave(visitor, 302, "redirected");
    return error;
}

void visitor_fail(struct visitor *visitor)
{
    uint64_t tone;

    if (visitor->participant) {
        attendant_fail(visitor->participant);
        (void)participant_play(visitor->participant,
                               &(struct request_params){.file = FAILURE_TONE});
        visitor_let_go(visitor);
        return;
    }
    visitor->failed = true;
    if (!visitor->up || visitor_play(visitor, FAILURE_TONE, 0, &tone))
        visitor_dismiss(visitor, 500, "Application error");
}

void visitor_tell_left(struct visitor *visitor, int code, const char *reason)
{
    struct conference_event event = {.kind = EVENT_LEFT, .visitor = visitor->id, .code = code};

    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    if (!visitor->failed && !visitor->waits)
        events_post(visitor->focus, &event);
}

void visitor_remove(struct visitor *visitor, int code, const char *reason)
{
    visitor_tell_left(visitor, code, reason);
    visitor_dismiss(visitor, code, reason);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct visitor *focus_visitor(struct focus *focus, uint64_t id)
{
    struct visitor *visitor;

    HASH_FIND(hh, focus->visitors, &id, sizeof id, visitor);
    return visitor;
}

struct visitor *focus_next_visitor(struct focus *focus, const struct visitor *after)
{
    struct visitor *next = after ? after->hh.next : focus->visitors;

    while (next && next->participant)
        next = next->hh.next;
    return next;
}

uint64_t visitor_id(const struct visitor *visitor)
{
    return visitor->id;
}

const struct call_info *visitor_call(const struct visitor *visitor)
{
    return visitor->focus->signalling->info(visitor->call);
}

const char *visitor_status(const struct visitor *visitor)
{
    return visitor->waits      ? "pending"
           : visitor->answered ? "connected"
           : visitor->early    ? "early"
                               : "dialing-in";
}

bool visitor_waits(const struct visitor *visitor)
{
    return visitor->waits;
}

bool visitor_is_answered(const struct visitor *visitor)
{
    return visitor->answered;
}

bool visitor_has_audio(const struct visitor *visitor)
{
    return visitor->participant ? visitor->is_out : visitor->up || visitor->early;
}

time_t visitor_since(const struct visitor *visitor)
{
    return visitor->since;
}
