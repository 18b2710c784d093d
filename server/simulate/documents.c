/* What a caller is told who subscribes to the conference that it is in. */
#include "simulate/private.h"

#include <string.h>

struct subscription {
    bool is_over;
};

/* A subscription lasts as long as it takes to get one document. */
static void changed(struct subscription *subscription)
{
    (void)subscription;
}

static void end(struct subscription *subscription, const char *reason, unsigned retry_after)
{
    (void)reason;
    (void)retry_after;
    subscription->is_over = true;
}

const struct notifying *documents_notifying(void)
{
    static const struct notifying notifying = {
        .changed = changed,
        .accepted = changed,
        .end = end,
    };
    return &notifying;
}

static const struct package *find(struct state *state, const char *name)
{
    unsigned count;
    const struct package *packages = state_packages(state, &count);

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(packages[i].event, name) == 0)
            return &packages[i];
    }
    return NULL;
}

struct body *document_of(struct call *call, struct state *state, const char *name,
                         struct subscriber *subscriber)
{
    const struct package *package = find(state, name);
    struct subscription subscription = {.is_over = false};
    struct body *body;
    void *watcher;

    *subscriber = (struct subscriber){
        .from = call->info,
        .uri = call->info.requested_user,
        .call = call->is_over ? NULL : call,
        .code = 489, /* Bad Event */
    };
    if (!package)
        return NULL;
    if (*call->contact && !call->is_over) /* what the phone knows as where it is */
        subscriber->from.requested_user = subscriber->uri = call->contact;
    package->open(package->ctx, subscriber, &subscription, &watcher);
    if (subscriber->code != 200)
        return NULL;
    body = package->body(watcher, true);
    package->close(watcher);
    return body;
}
