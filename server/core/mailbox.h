/*
 * A lock-free mailbox between two threads: any number of senders, one reader who takes all.
 *
 * Mail is linked into it by a member of the sender's own struct, so nothing is allocated and it is
 * never full. A chain of mail posted at once is also taken at once: what the focus asks in one
 * turn of its loop takes effect in one tick.
 */
#ifndef CORE_MAILBOX_H
#define CORE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mail {
    struct mail *next;
};

struct mailbox {
    _Atomic(struct mail *) newest;
};

/* Posts a chain that is linked from its newest mail (`newest`) back to its oldest (`oldest`). */
static inline void mailbox_post_chain(struct mailbox *box, struct mail *newest, struct mail *oldest)
{
    struct mail *head = atomic_load_explicit(&box->newest, memory_order_relaxed);

    do {
        oldest->next = head;
    } while (!atomic_compare_exchange_weak(&box->newest, &head, newest));
}

static inline void mailbox_post(struct mailbox *box, struct mail *mail)
{
    mailbox_post_chain(box, mail, mail);
}

/* Sequentially consistent, so that "say I sleep, then look" and "post, then look who sleeps"
 * cannot miss each other. */
static inline bool mailbox_empty(struct mailbox *box)
{
    return atomic_load(&box->newest) == NULL;
}

/* Everything posted so far, oldest first; NULL when there is nothing. */
static inline struct mail *mailbox_take(struct mailbox *box)
{
    struct mail *newest, *oldest = NULL;

    if (atomic_load_explicit(&box->newest, memory_order_relaxed) == NULL) {
        return NULL;
    }
    newest = atomic_exchange(&box->newest, NULL);
    while (newest != NULL) {
        struct mail *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

#endif
