/*
 * Which streams the calls have: what offer and answer came to, hold by either side, and changes for
 * a whole conference (RFC 4353 §5.9).
 */
#include "focus/arrangement.h"
#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* A change for all goes out to so many at a time, so that a large conference does not have all its
 * re-INVITEs and their answers in one moment. */
enum {
    CHANGES_AT_ONCE = 20,
    CHANGES_PAUSE = 20, /* ms */
};

/* Who is on hold goes on sending, as far as the conference lets it: that keeps a NAT open, and the
 * mixer does not listen (draft-ranjit-sipping-conference §6.3: recvonly). */
static enum stream_direction withheld_from(const struct participant *participant)
{
    unsigned withheld = participant->conference->withheld;

    return (enum stream_direction)(participant->held_by_us ? withheld | STREAM_SENDONLY : withheld);
}

void participant_answer(const struct participant *participant, struct answer *answer)
{
    struct conference *conference = participant->conference;

    *answer = (struct answer){
        .contact_user = conference->name,
        .is_focus = !conference->hides_focus,
        .subject = *conference->title ? conference->title : NULL,
        .withheld = withheld_from(participant),
        .codecs = conference->codecs,
    };
    if (!conference->hides_focus)
        answer->about = conference->about;
    if (participant->info.is_focus || participant->called)
        answer->cascade = cascade_tell(conference, participant);
    conference->focus->mixing->leg_address(participant->leg, &answer->media);
}

/* ---- what was agreed on --------------------------------------------------------------------- */

/* A phone that changes a running call to sendonly or inactive is on hold, and what it then sends
 * is its own hold music, which nobody must hear. One that is sendonly from its first offer on is
 * a source, not on hold. */
static bool is_on_hold(struct participant *participant, const struct session *session)
{
    bool would_receive = !(withheld_from(participant) & STREAM_RECVONLY);

    if (!session->held || (would_receive && session->direction == STREAM_INACTIVE))
        participant->is_source = false;
    else if (!participant->has_session)
        participant->is_source = true;
    return session->held && !participant->is_source;
}

/* In the conference, and in the sidebar where it is: it has one call for both. */
static void post(const struct participant *participant, const struct conference_event *event)
{
    struct conference_event told = *event;

    if (!participant->joined)
        return;
    told.conference = participant->conference->id;
    told.participant = participant->id;
    events_post(participant->conference->focus, &told);
    if (participant->aside)
        post(participant->aside, event);
}

void participant_tell_held(struct participant *participant)
{
    bool held = participant_is_held(participant);

    if (participant->held_told == held)
        return;
    participant->held_told = held;
    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id, "%s %s",
              participant->info.caller.uri, held ? "is on hold" : "is back from hold");
    post(participant, &(struct conference_event){.kind = EVENT_HELD, .on = held});
}

static void tell_changed(const struct participant *participant, int code, const char *reason)
{
    struct conference_event event = {.kind = EVENT_CHANGED, .code = code};

    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    post(participant, &event);
}

void participant_session(struct participant *participant, const struct session *session)
{
    const char *before = participant_media(participant);
    bool was_held = participant->held_told;

    participant->held_by_phone = is_on_hold(participant, session);
    participant->direction = session->direction;
    participant->has_session = true;
    participant->has_audio = session->format_count > 0;
    participant->conference->focus->mixing->leg_session(participant->leg, session);
    conference_changed(participant->conference, WATCH_CODEC);
    participant_tell_held(participant);
    if (participant->held_told == was_held && strcmp(participant_media(participant), before) != 0)
        tell_changed(participant, 200, "OK");
    participant_route_or_remove(participant);
}

/* ---- what we change ------------------------------------------------------------------------- */

static int update(struct participant *participant)
{
    struct answer answer;

    participant_answer(participant, &answer);
    return participant->conference->focus->signalling->update(participant->call, &answer);
}

void participant_refresh(struct participant *participant)
{
    (void)update(participant); /* of a call that ends, nothing is to be changed */
}

void participant_updated(struct participant *participant, int code, const char *reason)
{
    if (code != 200) {
        log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id,
                  "%s refuses the change of its call: %d %s", participant->info.caller.uri, code,
                  reason);
        tell_changed(participant, code, reason);
    }
    /* A phone that refuses to be held is held all the same: by the mixer. */
    participant_tell_held(participant);
}

int participant_hold(struct participant *participant, bool held)
{
    int error;

    participant = participant_own(participant);
    if (participant->held_by_us == held)
        return 0;
    participant->held_by_us = held;
    error = participant_route(participant);
    if (!error)
        error = update(participant) ? ECANCELED : 0;
    if (error) {
        participant->held_by_us = !held;
        participant_route_or_remove(participant);
    }
    return error;
}

/* ---- for all -------------------------------------------------------------------------------- */

static void on_media_timer(void *arg)
{
    struct conference *conference = arg;
    struct participant *participant;
    unsigned count = 0;

    DL_FOREACH(conference->members, participant)
    {
        if (!participant->is_outdated)
            continue;
        if (count++ == CHANGES_AT_ONCE) {
            (void)loop_timer_start(conference->focus->loop, &conference->media_timer, CHANGES_PAUSE,
                                   on_media_timer, conference);
            return;
        }
        participant->is_outdated = false;
        participant_refresh(participant);
    }
}

/* NULL: all of them are. */
static const char *find_unknown(const struct mixing *mixing, const char *codecs, char *name,
                                size_t size)
{
    unsigned count;
    const struct codec_format *known = mixing->codecs(mixing->ctx, &count);

    for (codecs += strspn(codecs, " "); *codecs; codecs += strspn(codecs, " ")) {
        size_t length = strcspn(codecs, " ");
        bool is_known = false;
        (void)snprintf(name, size, "%.*s", (int)length, codecs);
        for (unsigned i = 0; i < count; i++)
            is_known = is_known || strcasecmp(known[i].name, name) == 0;
        if (!is_known || strcasecmp(name, "telephone-event") == 0 || strcasecmp(name, "CN") == 0)
            return name;
        codecs += length;
    }
    return NULL;
}

int conference_change_media(struct conference *conference, const struct request_params *params)
{
    enum stream_direction withheld = (enum stream_direction)(STREAM_SENDRECV & ~params->direction);
    struct participant *participant;
    char name[sizeof params->codecs];

    if (find_unknown(conference->focus->mixing, params->codecs, name, sizeof name))
        return EPROTONOSUPPORT;
    if (conference->withheld == withheld && strcmp(conference->codecs, params->codecs) == 0)
        return 0;
    conference->withheld = withheld;
    (void)snprintf(conference->codecs, sizeof conference->codecs, "%s", params->codecs);
    log_write(LOG_LEVEL_INFO, conference->name, NULL, "media of all: we %s, codecs: %s",
              params->direction == STREAM_SENDRECV   ? "send and receive"
              : params->direction == STREAM_SENDONLY ? "only send"
              : params->direction == STREAM_RECVONLY ? "only receive"
                                                     : "neither send nor receive",
              *conference->codecs ? conference->codecs : "all");
    DL_FOREACH(conference->members, participant)
    {
        participant->is_outdated = participant->call != NULL;
    }
    return loop_timer_start(conference->focus->loop, &conference->media_timer, 0, on_media_timer,
                            conference);
}

void conference_reset_media(struct conference *conference)
{
    loop_timer_stop(&conference->media_timer);
    conference->withheld = STREAM_INACTIVE;
    conference->codecs[0] = '\0';
}
