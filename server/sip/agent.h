/*
 * Inside the sip room: the agent, and a request in hand. Nobody outside this folder includes this,
 * nor the headers that say "inside the sip room". Focus thread.
 *
 * sofia's nta does transports, parsing and all transactions but the answering of an INVITE: its 2xx
 * is the user agent's affair anyway (invite_server.c, RFC 3261 §13.3.1.4), and its refusal
 * (refusal.c) goes along. Dialogs are ours, too; nta knows no legs, so every request that belongs
 * to no transaction of nta's comes to receive.c.
 */
#ifndef SIP_AGENT_H
#define SIP_AGENT_H

#define NTA_AGENT_MAGIC_T struct sip_agent
#define NTA_OUTGOING_MAGIC_T void

struct sip_agent;

#include "core/account.h"
#include "core/address.h"
#include "core/loop.h"
#include "core/recipients.h"
#include "ports/notifying.h"
#include "ports/referring.h"
#include "ports/signalling.h"
#include "sip/digest.h"
#include "sip/guesses.h"
#include "sip/sip.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport.h>

#define INITIATE "INITIATE"
/* The option tag of RFC 5366. */
#define RECIPIENT_LIST_INVITE "recipient-list-invite"
/* That of RFC 5368. */
#define MULTIPLE_REFER "multiple-refer"

enum {
    DIALOG_BUCKETS = 4096, /* of the table of dialogs, a power of two */
    LOG_ID_SIZE = 9,       /* eight hexadecimal digits */
    MESSAGE_SIZE = 65536,  /* bytes of a message that we read; beyond it 413 */
    USER_SIZE = 256,       /* bytes of a user part, unescaped, with its NUL */
    REASON_SIZE = 128,     /* bytes of the text of a Reason, with its NUL */
    SIP_T1 = 500,          /* ms, RFC 3261 §17.1.1.1 */
    SIP_T2 = 4000,         /* ms; like T4, in proportion to T1 */
    SIP_T4 = 5000,
    T1_MULTIPLE = 64,      /* T1: so long an answer, or the ACK of ours, is waited for (§17) */
    TRIES_MAX = 32,        /* requests in a row that all were refused */
    REDIRECT_TARGETS = 16, /* URIs that one call may try */
    EARLY_TAGS = 16,       /* phones that may ring for one call and be told apart */
    ENDED_DIALOGS = 2048,  /* that are remembered */
    FIRST_CSEQ_MAX = 1 << 16,
    RETRY_AFTER_FULL = 60, /* s, to who wants one subscription too many */
    WARN_OTHER = 399,      /* RFC 3261 §20.43 */
};

/* A dialog of a call that is over, by a hash of its identifiers. */
struct ended_dialog {
    uint64_t hash, until; /* ms, on loop_now's clock */
};

struct sip_agent {
    struct loop *loop;
    nta_agent_t *nta;
    const struct signalling_events *events;
    void *events_arg;

    struct signalling signalling;
    char *domain; /* "": the address called */
    struct codec_format *codecs;
    unsigned codec_count;
    unsigned session_expires, min_se; /* s */
    unsigned t1;                      /* ms */
    const struct package *packages;   /* event packages (RFC 6665) */
    unsigned package_count;
    unsigned min_expires, max_expires; /* s, of a subscription */

    su_home_t home[1]; /* of the header fields that never change */
    sip_allow_t *allow;
    sip_allow_events_t *allow_events;
    sip_accept_t *accept;        /* of an offer or answer */
    sip_accept_t *accept_bodies; /* of requests that we take */
    sip_supported_t *supported;
    sip_supported_t *supported_later; /* what remains of them in a dialog */
    sip_server_t *server;
    sip_user_agent_t *user_agent;

    sip_route_t *proxy; /* of calls that we begin; NULL: none */
    struct sip_credential *credentials;
    unsigned credential_count;
    unsigned redirects;      /* that one call may follow */
    unsigned recipients_max; /* that one request may have called */
    bool takes_initiate;

    const struct accounts *accounts;                     /* NULL: there are none */
    enum digest_algorithm algorithms[DIGEST_ALGORITHMS]; /* best first */
    unsigned algorithm_count;
    struct nonces *nonces;
    struct guesses *guesses;
    struct network *trusted; /* RFC 3325 §9.1 */
    unsigned trusted_count;

    bool is_registrar;
    unsigned registration_min, registration_max; /* s */
    struct registered *registered;               /* hash by account */
    unsigned binding_count;
    struct loop_timer *bindings_timer;
    uint64_t bindings_checked_at; /* when it fires */

    unsigned listener_count;
    struct dialog *dialogs[DIALOG_BUCKETS]; /* by hash of the Call-ID */
    unsigned call_count;
    struct ended_dialog ended[ENDED_DIALOGS]; /* ring, see named_dialog.c */
    unsigned ended_next;
    struct refusal *refusals[DIALOG_BUCKETS]; /* by hash of the Call-ID */
    unsigned refusal_count;
    uint32_t log_id_salt;
    uint64_t resent; /* responses to INVITE that we repeated */

    /* Calls with something to tell the focus in a later turn (call_later). */
    struct call *later, **later_tail;
    struct loop_timer *later_timer;

    /* Subscriptions with something to tell that nothing holds up. */
    struct subscription *due;
    struct loop_timer *due_timer;
    unsigned subscription_count, errand_count, page_count;
    uint64_t notify_count; /* NOTIFYs sent */
};

/* A request that is being handled; lives for the turn in which it came. */
struct incoming {
    struct sip_agent *agent;
    msg_t *msg;
    sip_t *sip;
    tport_t *tport;       /* what it came by */
    struct caller caller; /* who sends it, as identify() found; lives as long as the message */
    struct recipients recipients; /* of the body, see bodies_read */
    /* What a 401 to it says. */
    bool is_stale;              /* its nonce was at fault, not its password */
    const struct account *only; /* the account whose algorithms to offer; NULL: all */
};

/* listen.c: errors as sip_agent_create. */
int listen_on(struct sip_agent *agent, const char *uri, char *error, size_t error_size);

/* outbound.c */
void outbound_free(struct sip_agent *agent);

/* headers.c */
int headers_create(struct sip_agent *agent);
/* A name for the log that no other call or subscription has; LOG_ID_SIZE bytes. */
void log_id_make(struct sip_agent *agent, char *id);

/* receive.c */
int receive_message(struct sip_agent *agent, nta_agent_t *nta, msg_t *msg, sip_t *sip);

#endif
