/*
 * Inside the sip room: where accounts can be reached, by their registrations (RFC 3261 §10). Focus
 * thread.
 */
#ifndef SIP_BINDINGS_H
#define SIP_BINDINGS_H

#include "sip/agent.h"

enum { BINDINGS_OF_ACCOUNT = 10 };

struct binding {
    struct binding *next; /* of the account, or of those to be added; best first */
    su_home_t home[1];
    url_t *target; /* the Contact */
    unsigned q;    /* thousandths */
    char *call_id; /* of the REGISTER that made or refreshed it */
    uint32_t cseq;
    uint64_t refreshed_at, expires_at; /* ms, on loop_now's clock */
    struct sockaddr_storage peer;      /* where the REGISTER came from */
    char *source;                 /* the same as a URI, when it came directly by UDP, or NULL */
    tport_t *tport;               /* what it came by; ours to unref */
    char *peer_text, *user_agent; /* for people */
};

/* bindings.c */
/* The contact of the request, for `expires` s. NULL: out of memory. */
struct binding *binding_create(const struct incoming *in, const sip_contact_t *contact,
                               unsigned expires);
void bindings_free(struct binding *list);
unsigned binding_seconds_left(const struct sip_agent *agent, const struct binding *binding);
/* Where the account can be reached, the preferred one (q, then the latest) first; NULL: nowhere.
 * Good until the loop's next turn. */
const struct binding *bindings_find(const struct sip_agent *agent, const char *user);
bool bindings_have_room(const struct sip_agent *agent);
/* Takes the binding over; it replaces one of the same URI. ENOMEM. */
int bindings_add(struct sip_agent *agent, const char *user, struct binding *binding);
/* `target` NULL: all. */
void bindings_remove(struct sip_agent *agent, const char *user, const url_t *target);
void bindings_close(struct sip_agent *agent);

#endif
