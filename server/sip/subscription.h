/*
 * Inside the sip room: subscriptions that others have with us (RFC 6665). Focus thread.
 */
#ifndef SIP_SUBSCRIPTION_H
#define SIP_SUBSCRIPTION_H

#include "sip/dialog.h"

struct subscription {
    struct dialog *dialog;
    struct subscription *next; /* in the dialog */
    const struct package *package;
    void *watcher;  /* the package's; NULL: not accepted */
    char *event_id; /* of the Event header (§4.5.2); NULL: none */
    char id[LOG_ID_SIZE];

    uint64_t expires_at; /* ms, on loop_now's clock */
    struct loop_timer *expiry_timer;
    char end_reason[16];  /* "": it is active; else the next NOTIFY is the last one */
    unsigned retry_after; /* s, said with the reason; 0: not */

    bool is_pending; /* somebody is to decide (§4.1.3): nothing is told yet */
    bool wants_full; /* a SUBSCRIBE is to be followed by all there is */
    bool is_due;     /* there is something to tell */
    bool is_queued;  /* and it is in agent->due */
    struct subscription *prev_due, *next_due;
    nta_outgoing_t *notify;         /* not answered yet */
    struct loop_timer *retry_timer; /* until the subscriber can take one again */
};

/* subscription.c */
/* Says nothing before subscription_renew. `event_id`: NULL for none. ENOMEM. */
int subscription_create(struct dialog *dialog, const struct package *package, const char *event_id,
                        struct subscription **subscriptionp);
/* Frees without a word, and the dialog with it when it was the last usage. */
void subscription_free(struct subscription *subscription);
/* The agent stops: one that is ending says so now, whatever is not answered yet; then as above. */
void subscription_close(struct subscription *subscription);
/* One that goes on; NULL: none. */
struct subscription *subscription_find(const struct dialog *dialog, const struct package *package,
                                       const char *event_id);
/* Lasts `expires` s from now and tells all there is; 0: that is the end. */
void subscription_renew(struct subscription *subscription, unsigned expires);
/* Lasts `expires` s from now at most. */
void subscription_shorten(struct subscription *subscription, unsigned expires);
void subscription_changed(struct subscription *subscription);
void subscription_end(struct subscription *subscription, const char *reason, unsigned retry_after);

/* Whether there may be one more, in that dialog (NULL: in one of its own). */
bool subscription_has_room(const struct sip_agent *agent, const struct dialog *dialog);

/* subscribe.c: for requests that subscribe, by that name or by another. */
struct subscribing {
    struct incoming *in;
    struct dialog *dialog; /* NULL: it is to begin one */
    const struct package *package;
    struct subscriber subscriber;
    unsigned expires, status; /* s; and the code when all is well */
};
/* False: refused. */
bool subscribe_read(struct incoming *in, struct dialog *dialog, struct subscribing *subscribing);
/* Answers it, and the first NOTIFY follows. False: refused. */
bool subscribe_accept(struct subscribing *subscribing);

#endif
