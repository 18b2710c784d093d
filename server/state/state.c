#include "state/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void publish(void *arg);

struct conference *watched_conference(const struct watched *watched)
{
    struct conference *conference =
        watched->is_over ? NULL : focus_conference_by_name(watched->state->focus, watched->name);

    return conference && conference_id(conference) == watched->id ? conference : NULL;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static void free_watched(struct watched *watched)
{
    loop_timer_stop(&watched->timer);
    roster_free(watched);
    HASH_DEL(watched->state->watched, watched);
    free(watched->name);
    free(watched);
}

struct watched *watched_find(struct state *state, struct conference *conference)
{
    uint64_t id = conference_id(conference);
    struct watched *watched;

    HASH_FIND(hh, state->watched, &id, sizeof id, watched);
    if (watched)
        return watched;
    watched = calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    watched->state = state;
    watched->id = id;
    for (unsigned kind = 0; kind < EDITION_COUNT; kind++) {
        watched->editions[kind].watched = watched;
        watched->editions[kind].kind = kind;
    }
    HASH_ADD(hh, state->watched, id, sizeof watched->id, watched);
    watched->name = strdup(conference_name(conference));
    if (!watched->name || roster_load(watched)) {
        free_watched(watched);
        return NULL;
    }
    return watched;
}

void watched_release(struct watched *watched)
{
    if (!watched->watcher_count)
        free_watched(watched);
}

/* ---- publishing ----------------------------------------------------------------------------- */

static void for_all(struct watched *watched, void (*act)(struct watcher *watcher, const void *arg),
                    const void *arg)
{
    for (unsigned kind = 0; kind < EDITION_COUNT; kind++) {
        for (struct face *face = watched->editions[kind].faces; face; face = face->next) {
            for (struct watcher *watcher = face->watchers; watcher; watcher = watcher->next)
                act(watcher, arg);
        }
    }
}

static void say_over(struct watcher *watcher, const void *arg)
{
    (void)arg;
    watcher->is_over = true;
    watcher->state->notifying->end(watcher->subscription, "noresource", 0);
}

/* RFC 4575 §3.3: with the conference all subscriptions to it end. */
static void end_watched(struct watched *watched)
{
    if (watched->is_over)
        return;
    watched->is_over = true;
    loop_timer_stop(&watched->timer);
    for (unsigned kind = 0; kind < EDITION_COUNT; kind++)
        watched->editions[kind].version++;
    for_all(watched, say_over, NULL);
}

/* In the time that is left of the interval, or `wait` ms. */
static void arm(struct watched *watched, uint64_t wait)
{
    struct state *state = watched->state;
    uint64_t now = loop_now(state->loop), next = watched->published_at + state->interval;

    if (watched->is_due)
        wait = watched->published_at && next > now ? next - now : 0;
    else if (!wait)
        return;
    /* Without memory it is told with what happens next. */
    (void)loop_timer_start(state->loop, &watched->timer, wait, publish, watched);
}

static void make_due(struct watched *watched)
{
    if (!watched->is_due && !watched->is_over) {
        watched->is_due = true;
        arm(watched, 0);
    }
}

static void clear_dirty(struct watched *watched)
{
    for (struct user *user = watched->users; user; user = user->hh.next) {
        user->is_dirty = false;
        for (struct endpoint *e = user->endpoints; e; e = e->next)
            e->is_published = true;
    }
}

static void publish(void *arg)
{
    struct watched *watched = arg;

    if (!watched_conference(watched)) {
        end_watched(watched);
        return;
    }
    if (watched->is_due) {
        watched->is_due = false;
        for (unsigned kind = 0; kind < EDITION_COUNT; kind++) {
            if (watched->editions[kind].faces)
                (void)edition_publish(&watched->editions[kind]);
        }
        clear_dirty(watched);
        watched->published_at = loop_now(watched->state->loop);
    }
    arm(watched, roster_forget(watched));
}

/* ---- what happens --------------------------------------------------------------------------- */

/* Who was put out is no longer told what happens inside, be it that the conference has ended for
 * all, also one that may begin anew; who has left by itself is, until the next refresh. */
static void drop_participant(struct watcher *watcher, const void *arg)
{
    if (watcher->participant != participant_id(arg))
        return;
    if (participant_departure(arg)->with_conference)
        say_over(watcher, NULL);
    else
        watcher->state->notifying->end(watcher->subscription, "rejected", 0);
}

/* Who goes on by another call may keep the subscription of the old one, until it leaves. */
static void move_participant(struct watcher *watcher, const void *arg)
{
    const struct conference_event *event = arg;

    if (watcher->participant == event->other)
        watcher->participant = event->participant;
}

/* With another role somebody may see less than before, or more than others: the policy is asked
 * about that by a new subscription, which this reason has them make at once (RFC 6665 §4.1.3). */
static void ask_again(struct watcher *watcher, const void *arg)
{
    if (watcher->participant == participant_id(arg) && watcher->face &&
        watcher->face->edition->kind != EDITION_PLAIN)
        watcher->state->notifying->end(watcher->subscription, "deactivated", 0);
}

static void take_event(struct watched *watched, const struct conference_event *event)
{
    struct participant *participant = focus_participant(watched->state->focus, event->participant);
    struct participant *other = focus_participant(watched->state->focus, event->other);

    if (other) {
        for_all(watched, move_participant, event);
        roster_leave(watched, other);
    }
    if (event->kind == EVENT_PENDING)
        (void)roster_add_waiting(watched, focus_pending(watched->state->focus, event->pending));
    else if (event->kind == EVENT_DECIDED)
        roster_drop_waiting(watched);
    if (!participant)
        return;
    if (event->kind == EVENT_ROLE)
        for_all(watched, ask_again, participant);
    if (((event->kind == EVENT_JOINED || event->kind == EVENT_REPLACED) &&
         participant_has_joined(participant)) ||
        (event->kind == EVENT_DIALING && participant_is_called(participant))) {
        (void)roster_add(watched, participant); /* ENOMEM: it is not shown */
    } else if (event->kind == EVENT_LEFT || event->kind == EVENT_FAILED) {
        /* Who has come and gone before anything of it was told is told of, too: that a call has
         * failed is news to who had it made. */
        (void)roster_add(watched, participant);
        roster_leave(watched, participant);
        if (participant_departure(participant)->method == BOOTED)
            for_all(watched, drop_participant, participant);
    } else {
        roster_touch(watched, participant);
    }
}

/* What happens in a sidebar may be told in its parent's documents. */
static void take_sidebar_event(struct state *state, const struct conference_event *event)
{
    const struct conference *conference = focus_conference(state->focus, event->conference);
    const struct conference *parent = conference ? conference_parent(conference) : NULL;
    uint64_t id = parent ? conference_id(parent) : 0;
    struct watched *watched;

    HASH_FIND(hh, state->watched, &id, sizeof id, watched);
    if (watched)
        make_due(watched);
}

static void on_event(const struct conference_event *event, void *arg)
{
    struct state *state = arg;
    struct watched *watched;

    take_sidebar_event(state, event);
    HASH_FIND(hh, state->watched, &event->conference, sizeof event->conference, watched);
    if (!watched || watched->is_over)
        return;
    take_event(watched, event);
    if (event->kind == EVENT_ENDED && !watched_conference(watched))
        end_watched(watched);
    else
        make_due(watched);
}

/* ---- the whole ------------------------------------------------------------------------------ */

int state_create(const struct state_config *config, struct state **statep)
{
    struct state *state;
    int error;

    if (!config || !config->loop || !config->focus || !config->notifying || !statep)
        return EINVAL;
    state = calloc(1, sizeof *state);
    if (!state)
        return ENOMEM;
    state->loop = config->loop;
    state->focus = config->focus;
    state->notifying = config->notifying;
    state->interval = config->interval;
    package_init(state, state->packages);
    error = focus_listen(state->focus, on_event, state);
    if (error) {
        free(state);
        return error;
    }
    *statep = state;
    return 0;
}

void state_destroy(struct state *state)
{
    free(state);
}

const struct package *state_packages(const struct state *state, unsigned *countp)
{
    *countp = PACKAGE_COUNT;
    return state->packages;
}

void state_touch(struct state *state)
{
    for (struct watched *watched = state->watched; watched; watched = watched->hh.next)
        make_due(watched);
}

static void put_off(struct watcher *watcher, const void *arg)
{
    (void)arg;
    watcher->state->notifying->end(watcher->subscription, "probation", COME_BACK);
}

void state_stop(struct state *state)
{
    for (struct watched *watched = state->watched; watched; watched = watched->hh.next)
        for_all(watched, put_off, NULL);
    for (struct watcher *watcher = state->waiting; watcher; watcher = watcher->next)
        put_off(watcher, NULL);
}
