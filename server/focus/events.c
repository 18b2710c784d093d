#include "focus/events.h"
#include "focus/announce.h"
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/message.h"
#include "focus/participant.h"
#include "focus/pending_parts.h"
#include "focus/private.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>

/* What is told in one turn of the loop; the rest waits for the next, so that SIP is served between.
 */
enum {
    EVENTS_A_TURN = 64,
    TURN_MOST = 20, /* ms */
};

const char *event_name(enum conference_event_kind kind)
{
    static const char *const names[EVENT_COUNT] = {
#define X(name, hook) [(name)] = (hook),
        CONFERENCE_EVENTS(X)
#undef X
    };
    return kind < EVENT_COUNT ? names[kind] : "?";
}

/* A participant's speaking may flicker faster than scripts listen: only a change against what
 * was told last is told. */
static bool still_news(struct focus *focus, struct conference_event *event)
{
    struct participant *participant;

    if (event->kind != EVENT_SPEAKING)
        return true;
    participant = focus_participant(focus, event->participant);
    if (!participant)
        return false;
    participant->speaking_queued = false;
    if (participant->speaking == participant->speaking_told)
        return false;
    event->on = participant->speaking_told = participant->speaking;
    return true;
}

static void tell(struct focus *focus, const struct conference_event *event)
{
    if (event->visitor) {
        if (focus->application)
            focus->application->event(focus->application->ctx, event);
        return;
    }
    if (focus->journalling)
        focus->journalling->happened(focus->journalling->ctx, event);
    if (focus->policy)
        focus->policy->event(focus->policy->ctx, event);
    for (unsigned i = 0; i < focus->listener_count; i++)
        focus->listeners[i].handler(event, focus->listeners[i].arg);
}

static void event_tell(struct focus *focus, struct queued_event *queued)
{
    const struct conference_event *outer = focus->telling;
    bool was_answer = focus->is_telling_answer;

    focus->telling = &queued->event;
    focus->is_telling_answer = queued->is_answer;
    if (queued->event.kind != EVENT_COUNT && still_news(focus, &queued->event))
        tell(focus, &queued->event);
    arrange_after(focus, &queued->event);
    announcements_after(focus, &queued->event);
    attendant_after(focus, &queued->event);
    focus->telling = outer;
    focus->is_telling_answer = was_answer;
    message_unref(queued->event.message);
    /* The entry is part of what is freed. */
    if (queued->last_of)
        participant_free(queued->last_of);
    else if (queued->over_of)
        pending_free(queued->over_of);
    else if (queued->end_of)
        conference_free(queued->end_of);
    else
        free(queued);
}

static void event_tell_next(struct focus *focus)
{
    struct queued_event *queued = focus->events;

    focus->events = queued->next;
    if (!focus->events)
        focus->events_tail = &focus->events;
    event_tell(focus, queued);
}

/* Ends early when those who are told take long: phones wait meanwhile. */
static void events_turn(void *arg)
{
    struct focus *focus = arg;
    uint64_t began = loop_now(focus->loop);

    for (unsigned n = 0; n < EVENTS_A_TURN && focus->events; n++) {
        if (loop_now(focus->loop) - began > TURN_MOST)
            break;
        event_tell_next(focus);
    }
    if (focus->events)
        (void)loop_timer_start(focus->loop, &focus->events_timer, 0, events_turn, focus);
}

void events_catch_up(struct focus *focus)
{
    for (unsigned n = 0; n < EVENTS_A_TURN && focus->events; n++)
        event_tell_next(focus);
}

void events_flush(struct focus *focus)
{
    while (focus->events)
        event_tell_next(focus);
    loop_timer_stop(&focus->events_timer);
}

static void enqueue(struct focus *focus, struct queued_event *queued)
{
    const struct journalling *journalling = focus->journalling;

    if (journalling && journalling->queued && queued->event.kind != EVENT_COUNT &&
        !queued->event.visitor)
        journalling->queued(journalling->ctx, &queued->event);
    queued->next = NULL;
    queued->is_answer = focus->telling != NULL;
    *focus->events_tail = queued;
    focus->events_tail = &queued->next;
    /* Without memory for the timer it is told with the next event. */
    if (!focus->events_timer)
        (void)loop_timer_start(focus->loop, &focus->events_timer, 0, events_turn, focus);
}

void events_post(struct focus *focus, const struct conference_event *event)
{
    struct queued_event *queued = calloc(1, sizeof *queued);

    if (!queued) {
        log_error("out of memory: an event \"%s\" is lost", event_name(event->kind));
        return;
    }
    queued->event = *event;
    if (event->message)
        (void)message_ref(event->message);
    enqueue(focus, queued);
}

void events_post_left(struct participant *participant, const struct conference_event *event)
{
    participant->last = (struct queued_event){.event = *event, .last_of = participant};
    enqueue(participant->conference->focus, &participant->last);
}

void events_post_decided(struct pending *pending, const struct conference_event *event)
{
    pending->last = (struct queued_event){.event = *event, .over_of = pending};
    enqueue(pending->request.conference->focus, &pending->last);
}

void events_post_ended(struct conference *conference, const struct conference_event *event)
{
    conference->end = (struct queued_event){.event = {.kind = EVENT_COUNT}, .end_of = conference};
    if (event)
        conference->end.event = *event;
    enqueue(conference->focus, &conference->end);
}

int focus_listen(struct focus *focus, void (*handler)(const struct conference_event *, void *arg),
                 void *arg)
{
    if (!handler || focus->listener_count == FOCUS_LISTENERS)
        return EINVAL;
    focus->listeners[focus->listener_count].handler = handler;
    focus->listeners[focus->listener_count++].arg = arg;
    return 0;
}
