/*
 * The SIP side: agent, transactions, dialogs, offer/answer, on sofia-sip's nta.
 *
 * Implements ports/signalling.h and ports/notifying.h. Used by main only. Focus thread.
 */
#ifndef SIP_SIP_H
#define SIP_SIP_H

#include "core/account.h"
#include "core/loop.h"
#include "ports/notifying.h"
#include "ports/signalling.h"

#include <jansson.h>

struct sip_agent;

/* A name and password for those who challenge our calls for this realm (RFC 3261 §22). */
struct sip_credential {
    const char *realm, *user, *password;
};

/* How our own calls go out. */
struct sip_outbound {
    const char *proxy; /* "sip:192.0.2.1;transport=tcp": where all of them go; "" or NULL: none */
    const struct sip_credential *credentials;
    unsigned credential_count;
    unsigned redirects; /* how often one call may be redirected; 0: never */
};

struct sip_config {
    struct loop *loop;
    const char *const *listen; /* "sip:127.0.0.1:5060;transport=udp", at least one */
    unsigned listen_count;
    const char *domain; /* host part of the conference URIs for who calls it; "": none */
    const struct codec_format *codecs; /* what we can, best first (mixing.codecs) */
    unsigned codec_count;
    unsigned session_expires; /* s, RFC 4028 Session-Expires; 0: session timers off */
    unsigned min_se;          /* s, RFC 4028 Min-SE */
    unsigned t1;              /* ms, RFC 3261 §17.1.1.1; 0: 500, less is for tests */
    struct sip_outbound outbound;
    unsigned recipients;     /* that one request may have called; 0: no lists are taken */
    bool initiate;           /* INITIATE is taken, as far as recipients are */
    const char *resolv_conf; /* NULL: /etc/resolv.conf, others are for tests */
    /* Identity: who may prove which name, and how. */
    const struct accounts *accounts;      /* NULL: there are none */
    const char *const *digest_algorithms; /* "SHA-256", "MD5", best first; none: both */
    unsigned digest_algorithm_count;
    unsigned nonce_expires;           /* s; 0: 300 */
    const char *const *trusted_peers; /* networks whose P-Asserted-Identity is believed */
    unsigned trusted_peer_count;
    bool registrar;                              /* accounts may register */
    unsigned registration_min, registration_max; /* s */
    const struct package *packages;              /* must outlive the agent; NULL: none */
    unsigned package_count;
    unsigned min_expires, max_expires; /* s, of a subscription */
    const struct signalling_events *events;
    void *events_arg;
};

/* Binds all the addresses and begins to take calls. EADDRINUSE, EADDRNOTAVAIL, EINVAL (bad URI),
 * ENOMEM; `error` gets one line that says which address and what to do. */
int sip_agent_create(const struct sip_config *config, struct sip_agent **agentp, char *error,
                     size_t error_size);
/* Calls that are left (focus_shutdown's time was up) are freed without a word: no on_ended is told,
 * so the focus may be gone already. Subscriptions that are left are closed. */
void sip_agent_destroy(struct sip_agent *agent);

const struct signalling *sip_agent_signalling(const struct sip_agent *agent);
const struct notifying *sip_notifying(void);

/* From now on: for calls that begin. Copied. EINVAL: the proxy is no SIP URI; ENOMEM. */
int sip_agent_set_outbound(struct sip_agent *agent, const struct sip_outbound *outbound);

/* Accounts may be gone: what was registered for them goes, too. */
void sip_agent_accounts_changed(struct sip_agent *agent);
/* Who is registered, and where: a list of { account, contact, peer, user_agent, q, expires (s) }.
 * New reference. */
json_t *sip_agent_registrations(const struct sip_agent *agent);

/* For status and for leak tests. What is alive: */
struct sip_stats {
    unsigned calls; /* struct calls */
    unsigned subscriptions;
    unsigned dialogs;      /* … and what stands for one that is yet to be */
    unsigned transactions; /* of requests in either direction */
    unsigned errands;      /* requests to others, whom a REFER has us ask */
    /* … and counted since the beginning: */
    uint64_t notifies;            /* NOTIFYs sent */
    uint64_t received, sent, bad; /* messages */
    uint64_t retransmitted;       /* responses and requests that we had to repeat */
};
void sip_agent_stats(const struct sip_agent *agent, struct sip_stats *stats);

#endif
