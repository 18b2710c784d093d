#include "state/private.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    EXPIRES = 3600, /* s; RFC 4575 §3.3, RFC 4235 §3.4 */
};

static bool ask(struct state *state, struct subscriber *subscriber, const char *event,
                struct conference **conferencep, uint64_t *participantp, enum edition_kind *kindp)
{
    enum view view;

    if (!focus_subscribe(state->focus, subscriber, event, conferencep, participantp, &view))
        return false;
    *kindp = event == state->packages[0].event   ? (enum edition_kind)view
             : event == state->packages[1].event ? EDITION_DIALOGS
                                                 : EDITION_POLICY;
    return true;
}

static struct watcher *watch(struct state *state, struct conference *conference,
                             enum edition_kind kind, const char *entity)
{
    struct watched *watched = watched_find(state, conference);
    struct watcher *watcher;

    if (!watched)
        return NULL;
    watcher = calloc(1, sizeof *watcher);
    if (watcher)
        watcher->face = face_find(&watched->editions[kind], entity);
    if (!watcher || !watcher->face) {
        free(watcher);
        watched_release(watched);
        return NULL;
    }
    watcher->state = state;
    DL_APPEND(watcher->face->watchers, watcher);
    watched->watcher_count++;
    return watcher;
}

static void open_as(struct state *state, const char *event, struct subscriber *subscriber,
                    struct subscription *subscription, void **watcherp)
{
    struct conference *conference;
    struct watcher *watcher;
    uint64_t participant;
    enum edition_kind kind;

    if (!ask(state, subscriber, event, &conference, &participant, &kind))
        return;
    watcher = watch(state, conference, kind, subscriber->uri);
    if (!watcher) {
        subscriber->code = 500;
        return;
    }
    watcher->subscription = subscription;
    watcher->participant = participant;
    watcher->limit = subscriber->limit;
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

static const struct package *package_of(const struct state *state, enum edition_kind kind)
{
    return &state->packages[kind == EDITION_DIALOGS ? 1 : kind == EDITION_POLICY ? 2 : 0];
}

static void refresh(void *arg, struct subscriber *subscriber)
{
    struct watcher *watcher = arg;
    struct state *state = watcher->state;
    const struct edition *edition = watcher->face->edition;
    const struct package *package = package_of(state, edition->kind);
    struct conference *conference;
    enum edition_kind kind;

    if (!ask(state, subscriber, package->event, &conference, &watcher->participant, &kind))
        return;
    watcher->limit = subscriber->limit;
    /* Versions of another view mean nothing to this subscriber: a new subscription gets it. */
    if (kind != edition->kind || conference_id(conference) != edition->watched->id)
        state->notifying->end(watcher->subscription, "deactivated", 0);
}

static struct body *body(void *arg, bool is_full)
{
    return edition_body(arg, is_full);
}

static void close_watcher(void *arg)
{
    struct watcher *watcher = arg;
    struct face *face = watcher->face;
    struct watched *watched = face->edition->watched;

    DL_DELETE(face->watchers, watcher);
    parts_drop(watcher);
    free(watcher);
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
