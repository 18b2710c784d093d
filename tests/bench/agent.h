/*
 * The callers' SIP side: one UDP socket, many calls (RFC 3261 user agent client, no more of it
 * than a dial-in needs: INVITE, ACK, BYE, retransmissions, and answers to what the server asks).
 *
 * The owner keeps the calls in one array and asks for agent_poll at least every few ms.
 */
#ifndef BENCH_AGENT_H
#define BENCH_AGENT_H

#include "histogram.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum call_state { CALL_IDLE, CALL_INVITING, CALL_UP, CALL_LEAVING };

struct call {
    enum call_state state;
    unsigned index;   /* place in the owner's array */
    unsigned attempt; /* counts the calls made from this place */
    unsigned conference;
    struct sockaddr_storage rtp; /* where we want the audio */
    char to[256];                /* To of the dialog, with the server's tag */
    char contact[200];           /* the server's target URI */
    bool ringing;                /* some provisional answer came */
    uint64_t started;            /* when INVITE or BYE was sent first */
    uint64_t resend, interval;   /* ns; resend 0: no more */
};

struct agent_events {
    /* Answered; `remote` has family 0 when the answer had no usable audio. */
    void (*on_up)(struct call *call, const struct sockaddr_storage *remote, void *arg);
    /* Turned away with `status`, or no answer in time (0). The call is idle again. */
    void (*on_failed)(struct call *call, unsigned status, void *arg);
    /* Our BYE was answered with `status` (0: not in time). The call is idle again. */
    void (*on_left)(struct call *call, unsigned status, void *arg);
    /* The server sent BYE. The call is idle again. */
    void (*on_dropped)(struct call *call, void *arg);
};

struct agent_config {
    struct sockaddr_storage local, target; /* port of local ignored */
    const char *prefix, *domain;           /* conference URIs; kept, not copied */
    const struct voice_codec *codec;       /* offered, beside telephone-event */
    struct call *calls;
    unsigned call_count;
    const struct agent_events *events;
    void *arg;
};

struct agent_stats {
    struct histogram answer; /* INVITE to 200 */
    struct histogram bye;    /* BYE to its answer */
    uint64_t resent;         /* requests sent again since no answer had come */
};

struct agent;

/* Complains on stderr. NULL: no memory or no socket. */
struct agent *agent_create(const struct agent_config *config);
void agent_destroy(struct agent *agent);

/* The call must be idle, its conference and rtp set. */
void agent_invite(struct agent *agent, struct call *call, uint64_t now);
/* The call must be up. */
void agent_bye(struct agent *agent, struct call *call, uint64_t now);
/* Reads what has come and sends again what is due. */
void agent_poll(struct agent *agent, uint64_t now);

struct agent_stats *agent_stats(struct agent *agent);

#endif
