/*
 * Inside the sip room: the agent, the calls, and what its files ask of each other.
 *
 * sofia's nta does transports, parsing and all transactions but the answering of an INVITE:
 * its 2xx is the user agent's affair anyway (invite_server.c, RFC 3261 §13.3.1.4), and its refusal
 * (refusal.c) goes along. Dialogs are ours, too; nta knows no legs, so every request that belongs
 * to no transaction of nta's comes to receive.c. Focus thread.
 */
#ifndef SIP_PRIVATE_H
#define SIP_PRIVATE_H

#define NTA_AGENT_MAGIC_T struct sip_agent
#define NTA_OUTGOING_MAGIC_T void

struct sip_agent;
struct call;
struct subscription;
struct refusal;

#include "core/loop.h"
#include "ports/notifying.h"
#include "ports/signalling.h"
#include "sip/sdp.h"
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

enum {
    DIALOG_BUCKETS = 4096, /* of the table of dialogs, a power of two */
    LOG_ID_SIZE = 9,       /* eight hexadecimal digits */
    MESSAGE_SIZE = 65536,  /* bytes of a message that we read; beyond it 413 */
    REASON_SIZE = 128,     /* bytes of the text of a Reason, with its NUL */
    SIP_T1 = 500,          /* ms, RFC 3261 §17.1.1.1 */
    SIP_T2 = 4000,         /* ms */
};

struct sip_agent {
    struct loop *loop;
    nta_agent_t *nta;
    const struct signalling_events *events;
    void *events_arg;

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
    sip_allow_events_t *allow_events; /* NULL: no package */
    sip_accept_t *accept;
    sip_supported_t *supported; /* NULL: no extension */
    sip_server_t *server;
    sip_user_agent_t *user_agent;

    unsigned listener_count;
    struct dialog *dialogs[DIALOG_BUCKETS]; /* by hash of the Call-ID */
    unsigned call_count;
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
    unsigned subscription_count;
    uint64_t notify_count; /* NOTIFYs sent */
};

/* A request that is being handled; lives for the turn in which it came. */
struct incoming {
    struct sip_agent *agent;
    msg_t *msg;
    sip_t *sip;
    tport_t *tport; /* what it came by */
};

/* ---- a dialog --------------------------------------------------------------------------------
 *
 * RFC 3261 §12. It lasts as long as one of its usages (RFC 5057 §3): an INVITE, subscriptions.
 * Header objects live on its home. */
struct dialog {
    struct sip_agent *agent;
    struct dialog *next; /* in its bucket */
    su_home_t home[1];
    struct call *call;                  /* the INVITE usage; NULL: none, or none any more */
    struct subscription *subscriptions; /* the others */

    uint32_t first_cseq; /* of the request that began it */
    char *first_branch;
    sip_call_id_t *call_id;
    sip_from_t *local;  /* with our tag, as our requests say it */
    sip_to_t *local_to; /* the same, as our responses say it */
    sip_to_t *remote;
    sip_route_t *route;     /* route set; NULL: none */
    url_t *target;          /* the peer's Contact */
    sip_contact_t *contact; /* ours */
    uint32_t local_cseq, remote_cseq;
    struct sockaddr_storage peer; /* where its last request came from */
    char *source;   /* "sip:192.0.2.1:5060;transport=udp", where a direct peer sends from; NULL:
                       follow route and target */
    tport_t *tport; /* what the peer's last request came by; ours to unref */
};

/* ---- a call: the INVITE usage of a dialog ---------------------------------------------------
 *
 *   INCOMING --answer--> ANSWERED --ACK--> ESTABLISHED --end--> ENDING --answer to BYE--> ENDED
 *      |                    |                  |                                           ^
 *      +---reject, CANCEL---+----no ACK, BYE---+----BYE, no refresh------------------------+
 *
 * In ENDED nothing points at the call but the agent's table; the later turn that tells on_ended
 * frees it. So a call may be ended from within any handler of its own. */
enum call_state {
    CALL_INCOMING,    /* no final answer yet */
    CALL_ANSWERED,    /* 200 is out, its ACK is not here */
    CALL_ESTABLISHED, /* up */
    CALL_ENDING,      /* our BYE is out */
    CALL_ENDED,       /* on_ended is to be told, then free */
};

/* The INVITE that the peer sent last, RFC 3261 §13.3.1 and §14.2. */
struct invite_server {
    msg_t *request; /* NULL once there is nothing left to answer or repeat */
    tport_t *tport;
    uint32_t cseq;
    char *branch; /* stays, to know repetitions and CANCELs of it */
    int status;   /* last response; 0: none */
    char phrase[REASON_SIZE];
    char *body;               /* of a 2xx; NULL: none */
    char session_expires[40]; /* of a 2xx; "": none */
    bool require_timer;       /* of a 2xx */
    bool offers;              /* the 2xx carries our offer, the ACK the answer */
    unsigned interval;        /* ms until the 2xx goes out again */
    uint64_t give_up;         /* on loop_now's clock */
    struct loop_timer *resend;
};

/* RFC 4028. */
struct session_timer {
    unsigned interval; /* s; 0: off */
    unsigned min_se;   /* s, the longest that anybody on the path asked for */
    bool we_refresh;
    bool peer_updates;       /* the peer takes UPDATE */
    char header[40];         /* Session-Expires of the next 2xx; "": none */
    bool require;            /* "timer" in it */
    nta_outgoing_t *refresh; /* our UPDATE or re-INVITE that is not answered yet */
    bool refresh_offers;     /* it is a re-INVITE, with an offer */
    struct loop_timer *refresh_timer, *expiry_timer;
};

struct call {
    struct sip_agent *agent;
    su_home_t home[1];
    enum call_state state;
    char id[LOG_ID_SIZE];
    struct call_info info;
    void *user;

    struct dialog *dialog;
    struct invite_server invite;
    struct session_timer timer;
    nta_outgoing_t *bye;

    struct sdp_local local;
    char *subject;
    char *sent_sdp; /* our last body; malloc'ed */
    char *peer_sdp; /* the peer's last that we agreed to; malloc'ed */
    size_t peer_sdp_size;
    struct sdp *offer; /* of the first INVITE, until it is answered */
    struct session session;
    bool has_session;
    bool session_changed; /* on_session is due */

    bool is_later; /* in agent->later */
    struct call *next_later;
    bool end_wanted; /* end() came before the ACK */
    int end_code;
    char end_reason[REASON_SIZE];
};

/* ---- a subscription (RFC 6665 §4.2.2) ---- */

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

    bool wants_full; /* a SUBSCRIBE is to be followed by all there is */
    bool is_due;     /* there is something to tell */
    bool is_queued;  /* and it is in agent->due */
    struct subscription *prev_due, *next_due;
    nta_outgoing_t *notify;         /* not answered yet */
    struct loop_timer *retry_timer; /* until the subscriber can take one again */
};

/* listen.c: errors as sip_agent_create. */
int listen_on(struct sip_agent *agent, const char *uri, char *error, size_t error_size);

/* call.c */
struct call *call_create(struct incoming *in);
/* Frees without a word. */
void call_free(struct call *call);
/* Tells the focus in a later turn what is due: a session, the end. */
void call_later(struct call *call);
void call_emit_session(struct call *call);
/* The dialog is over, everything was said on the wire: silences the call, on_ended follows. */
void call_finish(struct call *call, int code, const char *reason);
/* Sends a BYE. `wait`: on_ended when it is answered, else right away. */
void call_bye(struct call *call, int code, const char *reason, bool wait);
#define call_debug(call, ...) log_write(LOG_LEVEL_DEBUG, NULL, (call)->id, __VA_ARGS__)
#define call_log(call, ...) log_write(LOG_LEVEL_INFO, NULL, (call)->id, __VA_ARGS__)
#define call_warn(call, ...) log_write(LOG_LEVEL_WARN, NULL, (call)->id, __VA_ARGS__)

/* caller.c */
/* What a request says about who sent it and what it is for, checked; the strings live on `home`.
 * ENOMEM. */
int caller_read(struct call_info *info, su_home_t *home, const struct incoming *in);
/* What was called, without what only says how to get there; but a URI that names TCP is another
 * than one that does not (RFC 3261 §19.1.4). NULL: out of memory. */
const char *request_uri(su_home_t *home, const url_t *url);
/* `source` unescaped (if asked for), as UTF-8 without control characters, at most `size` - 1
 * bytes of it; what is not is "?". */
void text_clean(char *text, size_t size, const char *source, bool unescape);

/* dialog.c */
/* Begun by this request; `contact_user` stands in our Contact. ENOMEM. */
int dialog_create(const struct incoming *in, const char *contact_user, struct dialog **dialogp);
/* Frees the dialog when no usage is left. */
void dialog_release(struct dialog *dialog);
/* The dialog that the request says it is in; NULL: none. */
struct dialog *dialog_find(struct sip_agent *agent, const sip_t *sip);
/* The dialog that was begun by the same request as this one without To tag: the same one again, a
 * merged one (other branch), or a CANCEL of it. */
struct dialog *dialog_of_first_request(struct sip_agent *agent, const sip_t *sip);
/* Its call; NULL: none, or over. */
struct call *dialog_call(const struct dialog *dialog);
/* A request in the dialog came: by which way. */
void dialog_heard(struct dialog *dialog, const struct incoming *in);
/* Changes the remote target to `contact`, when that is usable: after a 2xx to a request that
 * refreshes it (RFC 3261 §12.2). */
void dialog_retarget(struct dialog *dialog, const sip_contact_t *contact);
/* Sends a request in the dialog; an ACK has the CSeq of `invite_cseq`, others a new one. NULL
 * when it cannot be sent (RFC 3261 §8.1.3.1 would say 503). `arg` is the handler's. */
nta_outgoing_t *dialog_request(struct dialog *dialog, nta_response_f *handler, void *arg,
                               sip_method_t method, const char *name, uint32_t invite_cseq,
                               tag_type_t tag, tag_value_t value, ...);

/* headers.c */
int headers_create(struct sip_agent *agent);
/* A name for the log that no other call or subscription has; LOG_ID_SIZE bytes. */
void log_id_make(struct sip_agent *agent, char *id);
/* A final response, but no 2xx to an INVITE. `to_tag` NULL: a new one if need be. */
void respond_tagged(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tag_type_t tag, tag_value_t value, ...);
#define respond(in, ...) respond_tagged(in, NULL, __VA_ARGS__)
/* 500 with Retry-After between 0 and 10 s: something else is under way (RFC 3261 §14.2). */
void respond_later(struct incoming *in);
/* Our Contact, as seen by a peer that came by `tport` and called the URI `called`, allocated on
 * `home`. */
sip_contact_t *contact_make(struct sip_agent *agent, su_home_t *home, const char *user,
                            bool is_focus, const tport_t *tport, const url_t *called);
/* The address of ours that a peer that came by `tport` reaches. */
void local_address(const tport_t *tport, struct sockaddr_storage *address);
/* `SIP;cause=486;text="Busy Here"` (RFC 3326). */
void reason_write(char *header, size_t size, int code, const char *text);
/* A Warning (RFC 3261 §20.43) on `home`. */
sip_warning_t *warning_make(struct sip_agent *agent, su_home_t *home, int code, const char *text);

/* checks.c */
/* A SIP URI with a host. NULL is none. */
bool contact_is_usable(const sip_contact_t *contact);
/* False when the request was refused. */
bool check_request(struct incoming *in);
bool check_body(struct incoming *in);
bool check_contact(struct incoming *in, bool required);

/* refusal.c */
void refusal_create(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tagi_t const *tags);
/* True: the request belongs to an INVITE that was refused, and is dealt with. */
bool refusal_receive(struct incoming *in);
void refusals_close(struct sip_agent *agent);

/* invite_server.c */
/* Takes an INVITE in hand, which must be answered by one of the functions below. */
int invite_take(struct call *call, const struct incoming *in);
void invite_provisional(struct call *call, int status, const char *phrase);
/* 200 with `body` (taken over) and what session_timer_negotiate said. */
void invite_accept(struct call *call, char *body, bool offers);
void invite_refuse(struct call *call, int status, const char *phrase, tag_type_t tag,
                   tag_value_t value, ...);
/* The same INVITE once more. */
void invite_again(struct call *call);
bool invite_is_pending(const struct call *call); /* no final answer */
bool invite_awaits_ack(const struct call *call);
/* Whether a CANCEL or an INVITE without To tag is of the transaction in hand. */
bool invite_matches(const struct call *call, const sip_t *sip);
/* Stops repeating and forgets the request. */
void invite_done(struct call *call);

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
void subscription_changed(struct subscription *subscription);
void subscription_end(struct subscription *subscription, const char *reason, unsigned retry_after);

/* One file a request. */
void invite_receive(struct incoming *in);
/* signalling.answer, in state INCOMING. */
int invite_answer(struct call *call, const struct answer *how);
void reinvite_receive(struct call *call, struct incoming *in);
void update_receive(struct call *call, struct incoming *in);
void ack_receive(struct call *call, struct incoming *in);
void ack_missing(struct call *call);
void bye_receive(struct call *call, struct incoming *in);
void cancel_receive(struct incoming *in);
void options_receive(const struct dialog *dialog, struct incoming *in);
void subscribe_receive(struct dialog *dialog, struct incoming *in);
int receive_message(struct sip_agent *agent, nta_agent_t *nta, msg_t *msg, sip_t *sip);

/* offer.c: offer/answer (RFC 3264) of a call. */
bool message_has_sdp(const sip_t *sip);
/* Refuses an unusable offer with 400, 488 or 500. NULL: it did. */
struct sdp *offer_read(struct incoming *in, const struct sdp_local *local);
/* The answer to the offer, and what it comes to; *bodyp is malloc'ed. 0; ENOTSUP; ENOMEM; the call
 * is unchanged on error. */
int offer_answer(struct call *call, const struct sdp *offer, char **bodyp);
/* An offer of ours. 0; ENOTSUP; ENOMEM. */
int offer_make(struct call *call, char **bodyp);
/* The peer's answer to our offer. 0; EBADMSG: none or unreadable; ENOTSUP; ENOMEM. */
int offer_answered(struct call *call, const sip_t *sip);
/* Keeps the peer's description, for later offers of ours. */
void offer_remember(struct call *call, const sip_t *sip);

/* session_timer.c */
bool session_timer_check(struct incoming *in);
/* Settles interval and refresher for the 2xx to this request (RFC 4028 §9). */
void session_timer_negotiate(struct call *call, const sip_t *sip);
/* A 2xx to a refresh was just sent or received. */
void session_timer_restart(struct call *call);
void session_timer_stop(struct call *call);

#endif
