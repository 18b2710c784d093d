/*
 * Inside the sip room: where requests of ours go. Focus thread.
 */
#ifndef SIP_TARGET_H
#define SIP_TARGET_H

#include "sip/agent.h"

/* URIs that a request of ours has tried or is to try (redirect.c), in this order. */
struct redirection {
    const struct sip_agent *agent;
    su_home_t *home;
    char account[USER_SIZE];               /* of ours, whose phones are tried; "": none */
    const char *targets[REDIRECT_TARGETS]; /* on home */
    long preferences[REDIRECT_TARGETS];    /* q of the Contact, in thousandths */
    unsigned count, next;                  /* next to be tried */
    unsigned followed;                     /* 3xx so far */
};

/* Where a request of ours goes (target.c). Header objects live on the home given. */
struct target {
    url_t *uri;          /* Request-URI */
    sip_route_t *route;  /* the outbound proxy; NULL: none */
    tport_t *listener;   /* of ours, that the peer can answer to; borrowed */
    bool is_by_listener; /* it must be sent from there; false: nta may choose the transport */
    const struct binding *binding; /* it is a phone that registered here; NULL: it is not */
    int family;
};

/* target.c */
/* A SIP URI that can be called, on `home`, without what a Request-URI must not have; NULL for any
 * other text. */
url_t *target_parse(su_home_t *home, const char *text);
/* False when its host is a name. */
bool target_address(const url_t *url, struct sockaddr_storage *address);
/* "udp", "tcp"; "" when the URI names none; NULL for one that we have not. */
const char *target_transport(const url_t *url);
/* A parameter of a URI. *valuep: its value, not terminated. False: there is none. */
bool uri_param(const char *params, const char *name, const char **valuep, size_t *lengthp);
/* Takes it away, in place. */
void uri_param_drop(url_t *url, const char *name);
/* Errors as signalling.call. */
int target_resolve(const struct sip_agent *agent, su_home_t *home, const url_t *wanted,
                   const char *account, struct target *target);
/* The account of ours that the URI names, as far as it has registered; "": none. ENOENT: it could
 * have registered, and has not. */
int target_account(const struct sip_agent *agent, const url_t *wanted, char *user, size_t size);
/* As target_parse would have it; NULL: not a URI that we can call. */
const char *target_spell(su_home_t *home, const url_t *url);

/* redirect.c */
/* `home` is that of whoever has the redirection. ENOENT: an account of ours that no phone has
 * registered for; ENOMEM. */
int redirect_begin(struct redirection *redirection, const struct sip_agent *agent, su_home_t *home,
                   const url_t *wanted);
/* The same for one phone of theirs, `device`. EINVAL: not a URI that can be called. */
int redirect_begin_at(struct redirection *redirection, const struct sip_agent *agent,
                      su_home_t *home, const url_t *wanted, const char *device);
/* Takes the Contacts of a 3xx. False: none of them is worth a try, or it is the last straw. */
bool redirect_take(struct redirection *redirection, const sip_t *sip);
/* The next one to try that can be reached. Errors as target_resolve, of the last one; ENOENT: none
 * is left. */
int redirect_next(struct redirection *redirection, struct target *target);

#endif
