#include "focus/private.h"

#include "core/log.h"

#include <stdlib.h>

/* Hooks told in one turn of the loop; the rest waits for the next, so that SIP is served between.
 */
enum { EVENTS_A_TURN = 64 };

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

static void event_tell(struct focus *focus, struct queued_event *queued)
{
    if (queued->event.kind != EVENT_COUNT && still_news(focus, &queued->event)) {
        if (focus->policy)
            focus->policy->event(focus->policy->ctx, &queued->event);
        for (unsigned i = 0; i < focus->listener_count; i++)
            focus->listeners[i].handler(&queued->event, focus->listeners[i].arg);
    }
    if (queued->last_of)
        participant_free(queued->last_of);
    if (queued->end_of)
        conference_free(queued->end_of);
    free(queued);
}

static void events_turn(void *arg)
{
    struct focus *focus = arg;
    struct queued_event *queued;

    for (unsigned n = 0; n < EVENTS_A_TURN && focus->events; n++) {
        queued = focus->events;
        focus->events = queued->next;
        if (!focus->events)
            focus->events_tail = &focus->events;
        event_tell(focus, queued);
    }
    if (focus->events)
        (void)loop_timer_start(focus->loop, &focus->events_timer, 0, events_turn, focus);
}

void events_flush(struct focus *focus)
{
    while (focus->events)
        events_turn(focus);
    loop_timer_stop(&focus->events_timer);
}

void events_post_last(struct focus *focus, const struct conference_event *event,
                      struct participant *last_of, struct conference *end_of)
{
    struct queued_event *queued = calloc(1, sizeof *queued);

    if (!queued) {
        log_error("out of memory: an event is lost");
        if (last_of)
            participant_free(last_of);
        if (end_of)
            conference_free(end_of);
        return;
    }
    queued->event = event ? *event : (struct conference_event){.kind = EVENT_COUNT};
    queued->last_of = last_of;
    queued->end_of = end_of;
    *focus->events_tail = queued;
    focus->events_tail = &queued->next;
    if (!focus->events_timer)
        (void)loop_timer_start(focus->loop, &focus->events_timer, 0, events_turn, focus);
}

void events_post(struct focus *focus, const struct conference_event *event)
{
    events_post_last(focus, event, NULL, NULL);
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
