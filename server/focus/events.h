/*
 * Inside the focus: the queue of what has happened, and who is told. Objects that have ended live
 * until their last event has been told, and have room for it. Focus thread.
 */
#ifndef FOCUS_EVENTS_H
#define FOCUS_EVENTS_H

#include "focus/event.h"

struct focus;

struct queued_event {
    struct conference_event event; /* kind EVENT_COUNT: nothing is told */
    /* Kept alive until the event has been told, and freed then, with this entry in it; all NULL:
     * the entry is freed alone. */
    struct participant *last_of;
    struct conference *end_of;
    struct pending *over_of;
    struct queued_event *next;
    bool is_answer; /* caused by a hook that was told of another event */
};

/* events.c */
/* Queues a copy. ENOMEM is logged: the event is lost, the state is right. */
void events_post(struct focus *focus, const struct conference_event *event);
/* Queues the last event of a participant or conference, which is freed behind it. They have room
 * for it, so this cannot fail: what has ended is never freed before what is queued about it.
 * `event` NULL: nothing is told, the conference is only freed in its turn. */
void events_post_left(struct participant *participant, const struct conference_event *event);
void events_post_ended(struct conference *conference, const struct conference_event *event);
void events_post_decided(struct pending *pending, const struct conference_event *event);
/* Tells what is queued (one turn's worth), so that a policy decides about a newcomer knowing what
 * happened before. Not from within a request. */
void events_catch_up(struct focus *focus);
/* Tells all that is queued, now. */
void events_flush(struct focus *focus);

#endif
