/*
 * The web client of applications: HTTP and HTTPS, by libcurl on a thread of its own.
 *
 * It asks only hosts that the operator has named, also when it is redirected; follows a few
 * redirections; verifies certificates; and has a limit for time, size, and how much is under way.
 * Focus thread.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "core/loop.h"
#include "ports/fetching.h"

struct fetcher;

struct fetcher_config {
    struct loop *loop;
    const char *const *allow; /* as fetcher_allow */
    unsigned allow_count;
    unsigned connections; /* at the same time; more wait for one */
};

/* ENOMEM, EMFILE. */
int fetcher_create(const struct fetcher_config *config, struct fetcher **fetcherp);
/* Gives up what is under way. NULL is fine. */
void fetcher_destroy(struct fetcher *fetcher);

/* Who may be asked from now on, as web_host_parse has it. ENOMEM: as it was. */
int fetcher_allow(struct fetcher *fetcher, const char *const *allow, unsigned count);

const struct fetching *fetcher_fetching(struct fetcher *fetcher);

#endif
