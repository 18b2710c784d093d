/*
 * How conferences end (RFC 4353 §5.7, RFC 4579 §5.12): for all at once or after a farewell, when
 * nobody is left, when their time is over, when who made them leaves.
 *
 * The last two are wishes of the server's that pass the policy like anybody's: it may refuse them,
 * and the conference goes on. An empty one ends without being asked for.
 */
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/sidebar.h"
#include "focus/sound.h"
#include "focus/take.h"

#include "core/log.h"

#include <stdio.h>
#include <utlist.h>

enum {
    FAREWELL_MOST = 30000, /* ms */
    LAST_WORD = 300,       /* ms that the last of it is still on its way to the ears of all */
    SOON = 500,            /* ms */
};

static void stop_clock(struct conference *conference)
{
    loop_timer_stop(&conference->end_timer);
    conference->ends_at = 0;
    conference->farewell[0] = '\0';
    conference->creator = 0;
    conference->creator_has_left = false;
}

/* The mix goes, and the end is told. */
static void conference_deactivate(struct conference *conference, const char *reason)
{
    struct focus *focus = conference->focus;
    struct conference_event event = {.kind = EVENT_ENDED, .conference = conference->id};

    log_write(LOG_LEVEL_INFO, conference->name, NULL, "conference is over: %s", reason);
    conference_end_recording(conference);
    arrangement_drop(conference);
    if (conference->parent) {
        sidebar_deactivate(conference);
    } else {
        playbacks_forget(&conference->playbacks);
        focus->mixing->mix_destroy(conference->mix);
    }
    conference->mix = NULL;
    conference->active = false;
    conference->locked = false;
    conference_reset_media(conference);
    stop_clock(conference);
    (void)snprintf(event.reason, sizeof event.reason, "%s", reason);
    if (conference->ended)
        events_post_ended(conference, &event);
    else
        events_post(focus, &event);
}

/* With nobody left in it: a reserved one goes back to sleep, any other can no longer be called,
 * and is freed once its end has been told. */
static void conference_close(struct conference *conference, const char *reason)
{
    struct focus *focus = conference->focus;

    if (conference->ended)
        return;
    sidebars_end(conference, 200, "The conference has ended");
    loop_timer_stop(&conference->empty_timer);
    if (conference->active || !conference->reserved)
        pending_end_all(conference, 200, reason);
    if (!conference->reserved) {
        conference->ended = true;
        HASH_DELETE(hh_name, focus->by_name, conference);
        if (conference->is_generated)
            gone_add(focus, conference->name);
    }
    if (conference->active)
        conference_deactivate(conference, reason);
    else if (conference->ended) /* behind what is still to be told of its participants */
        events_post_ended(conference, NULL);
}

void conference_end(struct conference *conference, int code, const char *reason)
{
    struct participant *participant, *next;

    sidebars_end(conference, code, reason);
    conference->ending = true;
    DL_FOREACH_SAFE(conference->members, participant, next)
    {
        participant_remove(participant, BOOTED, code, reason);
    }
    pending_end_all(conference, code, reason);
    conference->ending = false;
    conference_close(conference, reason);
}

/* ---- after a farewell ----------------------------------------------------------------------- */

static void on_farewell(void *arg)
{
    struct conference *conference = arg;
    char reason[sizeof conference->farewell];

    (void)snprintf(reason, sizeof reason, "%s", conference->farewell);
    conference_end(conference, 200, reason);
}

/* False: there is no memory for the timer. */
static bool end_in(struct conference *conference, unsigned ms)
{
    loop_timer_stop(&conference->end_timer);
    return !loop_timer_start(conference->focus->loop, &conference->end_timer, ms, on_farewell,
                             conference);
}

void conference_end_after(struct conference *conference, const char *files, const char *reason)
{
    bool is_said = *files && conference->active && !*conference->farewell;

    if (!is_said || !end_in(conference, FAREWELL_MOST)) {
        conference_end(conference, 200, reason);
        return;
    }
    (void)snprintf(conference->farewell, sizeof conference->farewell, "%s", reason);
    conference->ends_at = loop_time(conference->focus->loop) + FAREWELL_MOST / 1000;
    conference_bid_farewell(conference, files);
}

void conference_end_farewell(struct conference *conference)
{
    if (conference->active && *conference->farewell)
        (void)end_in(conference, LAST_WORD); /* without memory for that it ends in some time */
}

/* ---- by itself ------------------------------------------------------------------------------ */

static void wish_end(struct conference *conference, const char *reason)
{
    struct request request = {
        .verb = VERB_END,
        .conference = conference,
        .conference_name = conference->name,
    };
    struct decision decision;

    actor_of_server(&request.actor);
    (void)snprintf(request.params.reason, sizeof request.params.reason, "%s", reason);
    (void)focus_submit(conference->focus, &request, &decision);
}

static void on_end(void *arg)
{
    struct conference *conference = arg;

    conference->ends_at = 0;
    wish_end(conference, "The time of the conference is over");
}

static void on_warning(void *arg)
{
    struct conference *conference = arg;
    struct focus *focus = conference->focus;
    unsigned left = conference->warning;

    events_post(focus, &(struct conference_event){
                           .kind = EVENT_ENDING,
                           .conference = conference->id,
                           .duration = left,
                       });
    if (loop_timer_start(focus->loop, &conference->end_timer, left, on_end, conference))
        log_write(LOG_LEVEL_ERROR, conference->name, NULL,
                  "out of memory: it will not end in time");
}

/* From now on; ms, 0: no end, no warning. Of a time that is shorter than the warning it is told
 * soon, when whoever began it can hear that. */
static void set_clock(struct conference *conference, unsigned duration, unsigned warning)
{
    bool is_warned;

    if (warning > 0 && warning >= duration)
        warning = duration > SOON ? duration - SOON : 0;
    is_warned = warning > 0;

    loop_timer_stop(&conference->end_timer);
    conference->ends_at = duration ? loop_time(conference->focus->loop) + duration / 1000 : 0;
    conference->warning = warning;
    if (duration && loop_timer_start(conference->focus->loop, &conference->end_timer,
                                     is_warned ? duration - warning : duration,
                                     is_warned ? on_warning : on_end, conference))
        log_write(LOG_LEVEL_ERROR, conference->name, NULL,
                  "out of memory: it will not end in time");
}

void conference_start_clock(struct conference *conference)
{
    set_clock(conference, conference->life.duration, conference->life.warning);
}

void conference_limit(struct conference *conference, const struct conference_life *life)
{
    if (!conference->active || *conference->farewell)
        return; /* its time begins with it, and is over */
    set_clock(conference, life->duration, life->warning);
    if (life->duration)
        log_write(LOG_LEVEL_INFO, conference->name, NULL, "it has %u s from now on",
                  life->duration / 1000);
    else
        log_write(LOG_LEVEL_INFO, conference->name, NULL, "its time is not limited any longer");
    events_post(conference->focus, &(struct conference_event){
                                       .kind = EVENT_LIMITED,
                                       .conference = conference->id,
                                       .duration = life->duration,
                                   });
}

/* Somebody is called, or brought in, once that is approved. */
static bool may_still_come(const struct conference *conference)
{
    const struct pending *pending = NULL;

    while ((pending = conference_next_pending(conference, pending))) {
        const struct request *request = &pending->request;
        if (request->verb == VERB_INVITE || (request->verb == VERB_SIDEBAR && request->target))
            return true;
    }
    return false;
}

static void on_empty(void *arg)
{
    struct conference *conference = arg;

    if (may_still_come(conference)) {
        conference_await(conference, conference->focus->patience);
        return;
    }
    if (!conference->active)
        log_write(LOG_LEVEL_INFO, conference->name, NULL, "conference is over before it began");
    conference_close(conference, "nobody has come");
}

void conference_await(struct conference *conference, unsigned ms)
{
    /* Without memory for the timer it stays until somebody has come and gone. */
    (void)loop_timer_start(conference->focus->loop, &conference->empty_timer, ms, on_empty,
                           conference);
}

void conference_set_creator(struct conference *conference, uint64_t participant)
{
    conference->creator = participant;
    conference->creator_has_left = !participant;
}

/* Whom only the link of ours to another conference is with has nobody: two of them would keep each
 * other for ever. Who has called us from there, may have somebody. */
static void drop_links(struct conference *conference)
{
    struct participant *participant, *next;

    DL_FOREACH(conference->members, participant)
    {
        if (!participant->joined || !participant->info.is_focus || !participant->info.is_outgoing)
            return;
    }
    DL_FOREACH_SAFE(conference->members, participant, next)
    {
        participant_remove(participant, BOOTED, 200, "Nobody else is left in the conference");
    }
}

void conference_end_if_over(struct conference *conference)
{
    unsigned wait = conference->active ? conference->life.empty_timeout : 0;

    if (conference->ended || conference->ending || conference->is_settling)
        return;
    if (conference->creator_has_left) {
        conference->creator_has_left = false;
        if (conference->life.ends_with_creator && !*conference->farewell)
            wish_end(conference, "Who made the conference has left");
    }
    if (!conference->waiting_count)
        drop_links(conference);
    if (conference->members || conference->waiting_count || conference->empty_timer ||
        conference->ended)
        return;
    if (wait && !conference->focus->shutting_down)
        conference_await(conference, wait);
    else
        conference_close(conference, "the last participant has left");
}
