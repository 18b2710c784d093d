#include "state/private.h"

#include "focus/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    EXPIRES = 3600, /* s; RFC 4575 §3.3, RFC 4235 §3.4 */
};

static enum edition_kind kind_of(const char *event, const struct state *state, enum view view)
{
    return event == state->packages[0].event   ? (enum edition_kind)view
           : event == state->packages[1].event ? EDITION_DIALOGS
                                               : EDITION_POLICY + (enum edition_kind)view;
}

static int watch(struct watcher *watcher, struct conference *conference, enum edition_kind kind,
                 const char *entity)
{
    struct watched *watched = watched_find(watcher->state, conference);

    if (!watched)
        return ENOMEM;
    watcher->face = face_find(&watched->editions[kind], entity);
    if (!watcher->face) {
        watched_release(watched);
        return ENOMEM;
    }
    DL_APPEND(watcher->face->watchers, watcher);
    watched->watcher_count++;
    return 0;
}

/* ---- who waits for a decision (RFC 6665 §4.1.3) --------------------------------------------- */

static void stop_waiting(struct watcher *watcher)
{
    DL_DELETE(watcher->state->waiting, watcher);
    watcher->pending = 0;
    free(watcher->entity);
    watcher->entity = NULL;
}

static void decided(void *arg, const struct decision *result)
{
    struct watcher *watcher = arg;
    struct state *state = watcher->state;
    const struct request *request = pending_request(focus_pending(state->focus, watcher->pending));
    enum edition_kind kind = kind_of(watcher->event, state, result->params.view);
    char *entity = watcher->entity;
    int error = 0;

    watcher->entity = NULL;
    stop_waiting(watcher); /* it is in one list at a time */
    if (result->verdict == DECISION_ACCEPT)
        error = watch(watcher, request->conference, kind, entity);
    free(entity);
    if (watcher->face)
        state->notifying->accepted(watcher->subscription);
    else
        state->notifying->end(watcher->subscription,
                              error                 ? "probation"
                              : result->code == 408 ? "giveup"
                              : result->code < 300  ? "noresource"
                                                    : "rejected",
                              0);
}

static int begin_waiting(struct watcher *watcher, uint64_t pending, const char *entity)
{
    watcher->entity = strdup(entity);
    if (!watcher->entity) {
        pending_cancel(watcher->state->focus, pending);
        return ENOMEM;
    }
    watcher->pending = pending;
    DL_APPEND(watcher->state->waiting, watcher);
    pending_watch(focus_pending(watcher->state->focus, pending), decided, watcher);
    return 0;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static void open_as(struct state *state, const char *event, struct subscriber *subscriber,
                    struct subscription *subscription, void **watcherp)
{
    struct watcher *watcher = calloc(1, sizeof *watcher);
    struct conference *conference;
    uint64_t pending;
    enum view view;
    int error = ENOMEM;

    subscriber->code = 500;
    if (!watcher)
        return;
    *watcher = (struct watcher){
        .state = state,
        .event = event,
        .subscription = subscription,
        .limit = subscriber->limit,
    };
    if (!focus_subscribe(state->focus, subscriber, event, &conference, &watcher->participant, &view,
                         &pending)) {
        free(watcher);
        return;
    }
    error = pending ? begin_waiting(watcher, pending, subscriber->uri)
                    : watch(watcher, conference, kind_of(event, state, view), subscriber->uri);
    if (error) {
        free(watcher);
        subscriber->code = 500;
        return;
    }
    *watcherp = watcher;
}

static void open_conference(void *ctx, struct subscriber *subscriber,
                            struct subscription *subscription, void **watcherp)
{
    struct state *state = ctx;

    open_as(state, state->packages[0].event, subscriber, subscription, watcherp);
}

static void open_dialog(void *ctx, struct subscriber *subscriber, struct subscription *subscription,
                        void **watcherp)
{
    struct state *state = ctx;

    open_as(state, state->packages[1].event, subscriber, subscription, watcherp);
}

static void open_policy(void *ctx, struct subscriber *subscriber, struct subscription *subscription,
                        void **watcherp)
{
    struct state *state = ctx;

    open_as(state, state->packages[2].event, subscriber, subscription, watcherp);
}

static void refresh(void *arg, struct subscriber *subscriber)
{
    struct watcher *watcher = arg;
    struct state *state = watcher->state;
    const struct edition *edition;
    struct conference *conference;
    enum view view;

    if (watcher->pending) {
        subscriber->code = 200;
        return;
    }
    edition = watcher->face->edition;
    if (!focus_subscribe(state->focus, subscriber, watcher->event, &conference,
                         &watcher->participant, &view, NULL))
        return;
    watcher->limit = subscriber->limit;
    /* Versions of another view mean nothing to this subscriber: a new subscription gets it. */
    if (kind_of(watcher->event, state, view) != edition->kind ||
        conference_id(conference) != edition->watched->id)
        state->notifying->end(watcher->subscription, "deactivated", 0);
}

static struct body *body(void *arg, bool is_full)
{
    const struct watcher *watcher = arg;

    return watcher->face ? edition_body(arg, is_full) : NULL;
}

static void close_watcher(void *arg)
{
    struct watcher *watcher = arg;
    struct face *face = watcher->face;
    struct watched *watched = face ? face->edition->watched : NULL;
    uint64_t pending = watcher->pending;

    if (pending) {
        stop_waiting(watcher);
        pending_cancel(watcher->state->focus, pending);
    }
    if (face)
        DL_DELETE(face->watchers, watcher);
    parts_drop(watcher);
    free(watcher);
    if (!face)
        return;
    face_release(face);
    watched->watcher_count--;
    watched_release(watched);
}

void package_init(struct state *state, struct package packages[PACKAGE_COUNT])
{
    packages[0] = (struct package){
        .event = "conference",
        .content_type = "application/conference-info+xml",
        .expires = EXPIRES,
        .ctx = state,
        .open = open_conference,
        .refresh = refresh,
        .body = body,
        .close = close_watcher,
    };
    packages[1] = packages[0];
    packages[1].event = "dialog";
    packages[1].content_type = "application/dialog-info+xml";
    packages[1].open = open_dialog;
    packages[2] = packages[0];
    packages[2].event = "parley-policy";
    packages[2].content_type = "application/vnd.parley.conference-policy+xml";
    packages[2].open = open_policy;
}
