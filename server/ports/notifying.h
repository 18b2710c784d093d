/*
 * Event packages (RFC 6665), as signalling and their makers see each other.
 *
 * A package knows who may watch and what there is to tell; signalling knows subscriptions, dialogs
 * and NOTIFYs, and nothing of documents. Implemented by the sip room (struct notifying) and by the
 * makers of packages. All functions run on the focus thread and never block.
 */
#ifndef PORTS_NOTIFYING_H
#define PORTS_NOTIFYING_H

#include "core/body.h"
#include "ports/signalling.h"

struct subscription;

/* One SUBSCRIBE. Strings live for the call in which it is handed over. */
struct subscriber {
    struct call_info from;   /* who asks, and for what user part and host */
    const char *uri;         /* the resource as it was called: "sip:demo@example.com" */
    const struct call *call; /* the call of the same dialog; NULL: none, or none any more */
    size_t limit;            /* bytes that a body may have to reach it; 0: any number */
    int code;                /* out: 200; or why not: 403, 404 … */
    char reason[96];         /* out, with another code than 200: "" for the standard one */
    bool is_focus;           /* out: say so in our Contact (RFC 4579 §4.2) */
    bool is_pending;         /* out, with 200: somebody is to decide (RFC 6665 §4.1.3) */
};

struct package {
    const char *event;        /* "conference", as in Event and Allow-Events */
    const char *content_type; /* of its bodies */
    unsigned expires;         /* s that a subscription lasts when the SUBSCRIBE does not say */
    void *ctx;
    /* A new subscription. When it is accepted, *watcherp is what the functions below are called
     * with. NULL: nobody can subscribe, other requests make the subscriptions (RFC 3515). */
    void (*open)(void *ctx, struct subscriber *subscriber, struct subscription *subscription,
                 void **watcherp);
    /* It is refreshed, or ended by the subscriber: whether it may. */
    void (*refresh)(void *watcher, struct subscriber *subscriber);
    /* What to say in the next NOTIFY: all there is when `is_full`, else what is new since the last
     * body; NULL: nothing is, or it is pending. The reference is the caller's. */
    struct body *(*body)(void *watcher, bool is_full);
    /* The subscription is over: watcher and subscription are not to be used again. */
    void (*close)(void *watcher);
};

/* What a package may ask. None of them calls the package back before it returns. */
struct notifying {
    /* There is something new: `body` will be asked for it as soon as it can be sent. */
    void (*changed)(struct subscription *subscription);
    /* It was pending, and is accepted: `body` will be asked for all there is. */
    void (*accepted)(struct subscription *subscription);
    /* The last NOTIFY says `terminated` with this reason (RFC 6665 §4.1.3) and, unless 0, when to
     * try again, in s; `close` follows. */
    void (*end)(struct subscription *subscription, const char *reason, unsigned retry_after);
};

#endif
