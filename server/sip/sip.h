/*
 * The SIP side: agent, transactions, dialogs, offer/answer, on sofia-sip's nta.
 *
 * Implements ports/signalling.h and ports/notifying.h. Used by main only. Focus thread.
 */
#ifndef SIP_SIP_H
#define SIP_SIP_H

#include "core/loop.h"
#include "ports/notifying.h"
#include "ports/signalling.h"

struct sip_agent;

struct sip_config {
    struct loop *loop;
    const char *const *listen; /* "sip:127.0.0.1:5060;transport=udp", at least one */
    unsigned listen_count;
    const char *domain; /* host part of the conference URIs for who calls it; "": none */
    const struct codec_format *codecs; /* what we can, best first (mixing.codecs) */
    unsigned codec_count;
    unsigned session_expires;       /* s, RFC 4028 Session-Expires; 0: session timers off */
    unsigned min_se;                /* s, RFC 4028 Min-SE */
    const struct package *packages; /* must outlive the agent; NULL: none */
    unsigned package_count;
    unsigned min_expires, max_expires; /* s, of a subscription */
    unsigned t1;                       /* ms, RFC 3261 §17.1.1.1; 0: 500, less is for tests */
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

const struct signalling *sip_signalling(void);
const struct notifying *sip_notifying(void);

/* Dialogs, transactions, messages; for status and for leak tests. */
struct sip_stats {
    unsigned calls; /* struct calls that are alive */
    unsigned subscriptions;
    uint64_t notifies;            /* NOTIFYs sent */
    uint64_t received, sent, bad; /* messages */
    uint64_t retransmitted;       /* responses and requests that we had to repeat */
};
void sip_agent_stats(const struct sip_agent *agent, struct sip_stats *stats);

#endif
