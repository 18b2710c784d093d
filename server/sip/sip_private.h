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
struct registered;
struct challenge;
struct errand;

#include "core/account.h"
#include "core/address.h"
#include "core/loop.h"
#include "core/recipients.h"
#include "ports/notifying.h"
#include "ports/referring.h"
#include "ports/signalling.h"
#include "sip/digest.h"
#include "sip/guesses.h"
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
    unsigned subscription_count, errand_count;
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

/* ---- a dialog --------------------------------------------------------------------------------
 *
 * RFC 3261 §12. It lasts as long as one of its usages (RFC 5057 §3): an INVITE, subscriptions.
 * Header objects live on its home. */
struct dialog {
    struct sip_agent *agent;
    struct dialog *next; /* in its bucket */
    su_home_t home[1];
    struct call *call;                  /* the INVITE usage; NULL: none, or none any more */
    struct subscription *subscriptions; /* that the peer has */
    struct errand *errand;              /* that the peer does for us; NULL: none */

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
    char *source;     /* "sip:192.0.2.1:5060;transport=udp", where a direct peer sends from; NULL:
                         follow route and target */
    tport_t *tport;   /* what the peer's last request came by; ours to unref */
    bool is_ours;     /* begun by us */
    bool is_direct;   /* no proxy is between the phone that we call and us */
    bool is_referred; /* a REFER came in it */
    struct challenge *challenges; /* of requests of ours, that we can answer; on home */
};

/* ---- a call: the INVITE usage of a dialog ---------------------------------------------------
 *
 *   INCOMING --answer--> ANSWERED --ACK--> ESTABLISHED --end--> ENDING --answer to BYE--> ENDED
 *      |                    |                ^ |                   ^                       ^
 *      +---reject, CANCEL---+----no ACK, BYE-|-+----BYE, no refresh|-----------------------+
 *                                            |                     |                       |
 *   CALLING --------------2xx, ACK-----------+                     |                       |
 *      |--end, CANCEL--> CANCELLING --2xx, ACK, BYE----------------+                       |
 *      |                    |                                                              |
 *      +---3xx–6xx----------+--------------------------------------------------------------+
 *
 * In ENDED nothing points at the call but the agent's table; the later turn that tells on_ended
 * frees it. So a call may be ended from within any handler of its own. */
enum call_state {
    CALL_INCOMING,    /* no final answer yet */
    CALL_CALLING,     /* our INVITE is being prepared, or is out */
    CALL_CANCELLING,  /* it is to be cancelled, its final answer is not here */
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
    char *body;                /* of a 2xx, or of the 183 before it; NULL: none */
    char session_expires[40];  /* of a 2xx; "": none */
    bool require_timer;        /* of a 2xx */
    bool offers;               /* the 2xx carries our offer, the ACK the answer */
    unsigned interval;         /* ms until the 2xx goes out again */
    uint64_t give_up;          /* on loop_now's clock */
    struct loop_timer *resend; /* of a 2xx, or of a 1xx */
};

/* RFC 4028. */
struct session_timer {
    unsigned interval; /* s; 0: off */
    unsigned min_se;   /* s, the longest that anybody on the path asked for */
    bool we_refresh;
    bool peer_updates; /* the peer takes UPDATE */
    char header[40];   /* Session-Expires of the next 2xx; "": none */
    bool require;      /* "timer" in it */
    struct loop_timer *refresh_timer, *expiry_timer;
};

/* What the focus wants a call to be (terms.c). It is freed with its home. */
struct terms {
    su_home_t home[1];
    struct answer how;           /* its strings are on home */
    struct codec_format *codecs; /* on home; NULL: all of the agent's */
    unsigned codec_count;
};

/* The re-INVITE of ours that is out, or the UPDATE that only refreshes (reinvite_client.c). */
struct change {
    nta_outgoing_t *request;  /* not answered yet; NULL: none is out */
    bool offers;              /* it is a re-INVITE, with an offer */
    struct terms *proposed;   /* the terms that it offers; NULL: it is only a refresh */
    struct terms *wanted;     /* to be offered next; NULL: none */
    unsigned tries;           /* of these */
    struct loop_timer *timer; /* runs until their next try, or while a re-INVITE is out */
};

/* The REFER of ours in the dialog of a call, until its outcome is known (transfer.c). */
struct transfer {
    bool is_under_way;
    char *target;            /* on the call's home */
    nta_outgoing_t *request; /* not answered yet */
    unsigned tries;          /* REFERs */
    uint32_t cseq;           /* of the last */
    struct loop_timer *patience;
};

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
    struct change change;
    struct transfer transfer;
    nta_outgoing_t *calling;    /* the INVITE that begins it, until its final answer */
    struct loop_timer *unheard; /* runs when it is cancelled, until that */
    nta_outgoing_t *bye;
    const char *early_tags[EARLY_TAGS]; /* of the phones that ring for a call of ours; on home */
    unsigned early_tag_count;
    const char *referred_by, *replaces; /* headers of our INVITE, on home; "": none */
    struct redirection redirection;

    struct sdp_local local;
    struct terms *terms; /* of the answer, or the offer that began it, or agreed on later; NULL: not
                            known yet */
    tport_t *listener;   /* of a call of ours, which the Contact names; borrowed */
    unsigned tries;      /* INVITEs or refreshes of ours since the last 2xx */
    char *sent_sdp;      /* our last body; malloc'ed */
    bool is_sent_void;   /* it was an offer, and was refused */
    char *peer_sdp;      /* the peer's last that we agreed to; malloc'ed */
    size_t peer_sdp_size;
    struct sdp_numbers *numbers;  /* of those before it; malloc'ed; NULL: there was none */
    struct sdp *offer;            /* of the first INVITE, until it is answered */
    struct recipients recipients; /* whom it wants to have called, too */
    struct session *session;      /* agreed on, see offer_agreed; malloc'ed; NULL: none yet */
    bool session_changed;         /* on_session is due */

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

    bool is_pending; /* somebody is to decide (§4.1.3): nothing is told yet */
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
/* A call to somebody (signalling.call). */
int call_create_outgoing(struct sip_agent *agent, const struct outgoing_call *outgoing,
                         struct call **callp);
/* Frees without a word. */
void call_free(struct call *call);
/* Begun by us and not answered: there is no dialog yet. */
static inline bool call_is_early(const struct call *call)
{
    return call->state == CALL_CALLING || call->state == CALL_CANCELLING;
}
/* Notes why it ends; the first reason stays. */
void call_want_end(struct call *call, int code, const char *phrase);
void signalling_create(struct sip_agent *agent);
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
/* Where it came from, as "192.0.2.1:5060;udp", on `home`. NULL: no memory. */
const char *peer_address(su_home_t *home, msg_t *msg, const tport_t *tport);
/* Who sends the request, as it says. ENOMEM. */
int caller_read(struct incoming *in);
/* Sets who that is; `display` NULL: the display name stays. ENOMEM. */
int caller_name(struct incoming *in, const url_t *uri, const char *display);
/* What a request of a sender who is known is for; the strings live on `home`. ENOMEM. */
int call_info_read(struct call_info *info, su_home_t *home, const struct incoming *in);
/* The call's description when it is we who call. ENOMEM. */
int caller_of_target(struct call *call, const url_t *target, const struct outgoing_call *outgoing,
                     int family);
/* What the 2xx `sip` to our `request` adds to it: the device that has answered. ENOMEM. */
int caller_answered(struct call *call, nta_outgoing_t *request, const sip_t *sip);
/* A quoted-string or token as text. NULL: out of memory. */
const char *display_name(su_home_t *home, const char *quoted);
/* What was called, without what only says how to get there; but a URI that names TCP is another
 * than one that does not (RFC 3261 §19.1.4). NULL: out of memory. */
const char *request_uri(su_home_t *home, const url_t *url);
/* `source` unescaped (if asked for), as UTF-8 without control characters, at most `size` - 1
 * bytes of it; what is not is "?". */
void text_clean(char *text, size_t size, const char *source, bool unescape);

/* auth.c: Digest (RFC 3261 §22) */
int auth_create(struct sip_agent *agent, const struct sip_config *config);
void auth_destroy(struct sip_agent *agent);
/* The realm of our challenges. */
const char *auth_realm(const struct sip_agent *agent);
/* Whether it came directly from a proxy that we trust (RFC 3325). */
bool peer_is_trusted(const struct incoming *in);
/* ENOENT when `user` is nobody's name; other errors are the policy's. */
int account_find(const struct sip_agent *agent, const char *user, struct account *account);
/* The Authorization for our realm; NULL: none. */
const sip_authorization_t *authorization_find(const struct incoming *in);
/* Whose password it proves, and the account. False: it proves none, the request was refused. */
bool authorization_verify(struct incoming *in, const sip_authorization_t *authorization,
                          const char **userp, struct account *account);
/* Refuses with 401; `account` NULL: offers all algorithms. Returns false. */
bool authorization_ask(struct incoming *in, const struct account *account, bool is_stale);
/* The WWW-Authenticate of a 401, on `home`. NULL: out of memory. */
sip_www_authenticate_t *challenge_make(const struct incoming *in, su_home_t *home);

/* identity.c */
/* Whether names at that host are ours to give. `tport`: what the request came by. */
bool host_is_ours(const struct sip_agent *agent, const tport_t *tport, const char *host);
/* For every request whose sender no dialog knows: fills in->caller. False: credentials were wrong,
 * or missing where one of our names was used, and the request was refused. */
bool identify(struct incoming *in);
/* The same for a request that is wanted from within a dialog as well: within a call it is whoever
 * that call is with, however that was proven, unless it proves more by itself; outside of one it is
 * whoever sends it, each time anew. `dialog` NULL: it is in none, and has been identified. */
bool identify_in_dialog(struct incoming *in, const struct dialog *dialog);

/* ---- registrations (RFC 3261 §10) ---- */

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
/* How a request to its target is sent: *sourcep as nta's route URI, NULL: by the target itself;
 * *tportp as its NTATAG_TPORT, NULL: any. Both belong to the binding. */
void binding_route(const struct binding *binding, const char **sourcep, tport_t **tportp);
/* Where the account can be reached, the preferred one (q, then the latest) first; NULL: nowhere.
 * Good until the loop's next turn. */
const struct binding *bindings_find(const struct sip_agent *agent, const char *user);
bool bindings_have_room(const struct sip_agent *agent);
/* Takes the binding over; it replaces one of the same URI. ENOMEM. */
int bindings_add(struct sip_agent *agent, const char *user, struct binding *binding);
/* `target` NULL: all. */
void bindings_remove(struct sip_agent *agent, const char *user, const url_t *target);
void bindings_close(struct sip_agent *agent);

/* dialog.c */
/* Known by its Call-ID, and nothing else set. NULL: out of memory. */
struct dialog *dialog_make(struct sip_agent *agent, const sip_call_id_t *call_id);
/* Begun by this request; `contact_user` stands in our Contact. ENOMEM. */
int dialog_create(const struct incoming *in, const char *contact_user, struct dialog **dialogp);
/* Frees the dialog when no usage is left. */
void dialog_release(struct dialog *dialog);
/* The dialog that the request says it is in; NULL: none. */
struct dialog *dialog_find(struct sip_agent *agent, const sip_t *sip);
/* For a NOTIFY that is faster than the 2xx to our REFER: the dialog that both begin (RFC 6665
 * §4.4.1), with its peer from now on. NULL: none. */
struct dialog *dialog_begun_by_notify(struct sip_agent *agent, const sip_t *sip);
/* The dialog that was begun by the same request as this one without To tag: the same one again, a
 * merged one (other branch), or a CANCEL of it. */
struct dialog *dialog_of_first_request(struct sip_agent *agent, const sip_t *sip);
/* Whether this first request of somebody's is one of ours that came back. */
bool dialog_is_looped(struct sip_agent *agent, const sip_t *sip);
/* Those in the bucket of this Call-ID; more follow by `next`. */
struct dialog *dialogs_of(struct sip_agent *agent, const sip_call_id_t *call_id);
/* Its call; NULL: none, not yet, or over. */
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

/* Where a message came from, and as a URI to reach that by UDP. */
void message_source(msg_t *msg, struct sockaddr_storage *address);
char *message_source_uri(su_home_t *home, msg_t *msg);
/* Whether a URI's host is an address, and this one. */
bool host_is_at(const char *host, const struct sockaddr_storage *address);

/* The ACK of a 2xx to an INVITE of ours. */
void dialog_acknowledge(struct dialog *dialog, const sip_t *sip);

/* named_dialog.c */
/* Where Join and Replaces may stand. False: the request was refused with 400. */
bool check_named_dialog(struct incoming *in);
/* What the INVITE names; *is_namedp false: nothing. False: the request was refused. */
bool named_dialog_read(struct incoming *in, struct named_dialog *named, bool *is_namedp);
/* The call is over, and its dialog with it. */
void dialog_ended(const struct call *call);

/* dialog_client.c */
/* A dialog that we begin, with Call-ID, tags and names, and no usage yet. ENOMEM. */
int dialog_begin(struct sip_agent *agent, const url_t *target, const struct outgoing_call *outgoing,
                 const tport_t *listener, struct dialog **dialogp);
/* Where the request that begins it goes next. ENOMEM. */
int dialog_aim(struct dialog *dialog, const struct target *target);
/* The 2xx to it makes the dialog. ENOMEM. */
int dialog_confirm(struct dialog *dialog, nta_outgoing_t *request, const sip_t *sip);

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

/* outbound.c */
void outbound_free(struct sip_agent *agent);

/* digest_client.c */
/* Takes the challenges of a 401 or 407. False: none of them is new and can be answered. */
bool digest_challenged(struct dialog *dialog, const sip_t *sip);
/* Adds the credentials for all that has challenged us in this dialog. */
void digest_answer(const struct dialog *dialog, msg_t *msg, sip_t *sip);

/* headers.c */
int headers_create(struct sip_agent *agent);
/* A name for the log that no other call or subscription has; LOG_ID_SIZE bytes. */
void log_id_make(struct sip_agent *agent, char *id);
/* `reason`, or the standard phrase of the code when that is NULL or "". */
const char *phrase_of(int code, const char *reason);
/* A final response, but no 2xx to an INVITE. A 401 gets its challenge. `to_tag` NULL: a new one if
 * need be. */
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
bool contact_is_focus(const sip_contact_t *contact);
/* What our Allow-Events says where that Contact is ours: only a focus can be subscribed to. NULL:
 * there is none. */
const sip_allow_events_t *allow_events_of(const struct sip_agent *agent,
                                          const sip_contact_t *contact);
/* The same Contact with another user part, on `home`. NULL: out of memory. */
sip_contact_t *contact_rename(su_home_t *home, const sip_contact_t *contact, const char *user,
                              bool is_focus);
/* A Warning (RFC 3261 §20.43) on `home`. */
sip_warning_t *warning_make(struct sip_agent *agent, su_home_t *home, int code, const char *text);
/* Refuses with a Warning that says `why`; a 415 also says what bodies are taken. Returns false. */
bool respond_warned(struct incoming *in, int status, const char *phrase, const char *why);
/* Refuses more recipients than one request may have. Returns false. */
bool respond_crowded(struct incoming *in);

/* checks.c */
/* A SIP URI with a host. NULL is none. */
bool contact_is_usable(const sip_contact_t *contact);
/* False when the request was refused. */
bool check_request(struct incoming *in);
bool check_body(struct incoming *in);
bool check_contact(struct incoming *in, bool required);

/* bodies.c */
/* Takes the body apart: its session description stays, a recipient list goes to in->recipients.
 * `list_id`: only the list with this Content-ID; NULL: any. False: refused. */
bool bodies_read(struct incoming *in, const char *list_id);

/* confer_to.c */
/* The `action` of a URI, or of the header that it stands in; none: *actionp stays. False: one that
 * is none. */
bool recipient_action_of(const url_t *url, msg_param_t const *params,
                         enum recipient_action *actionp);
/* All that Confer-To says. ENOENT: there is none; EBADMSG: it is broken; EINVAL: an unknown action;
 * E2BIG: more than `limit`; ENOMEM. */
int confer_to_read(su_home_t *home, const sip_t *sip, unsigned limit, struct recipients *list);

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
void subscription_accepted(struct subscription *subscription);
void subscription_end(struct subscription *subscription, const char *reason, unsigned retry_after);

/* Whether there may be one more, in that dialog (NULL: in one of its own). */
bool subscription_has_room(const struct sip_agent *agent, const struct dialog *dialog);

/* refer_to.c */
/* Fills what the URI of a Refer-To says. `params`: those behind the URI, NULL for none; `display`:
 * the display name, NULL for none. EINVAL: it cannot be done, the reference says why. */
int reference_read(su_home_t *home, const url_t *url, msg_param_t const *params,
                   const char *display, struct reference *reference);
/* The escapes undone, on `home`. NULL: no text of a header, which ends at its line's end. */
char *text_unescape(su_home_t *home, const char *text, size_t length);

/* refer_list.c */
/* Whether it is for several at once. */
bool refer_is_many(const sip_t *sip);
/* Fills in the list, which in->recipients is. False: refused. */
bool refer_list_read(struct incoming *in, struct reference *reference);

/* referral.c */
/* Its subscription says nothing before subscription_renew. NULL: out of memory. */
struct referral *referral_create(struct dialog *dialog, const char *event_id);
/* As long as there was no final report. */
struct subscription *referral_subscription(const struct referral *referral);
/* It will not be done, and that is not told: frees it and its subscription. */
void referral_refuse(struct referral *referral);
/* How it stands, which is not the last word, whatever the code. */
void referral_tell(struct referral *referral, int code, const char *reason);
/* signalling.report */
void referral_report(struct referral *referral, int code, const char *reason);
const struct package *referral_package(void);

/* One file a request. */
void invite_receive(struct incoming *in);
/* invite_client.c: a call of ours. Errors as signalling.call. */
int invite_prepare(struct call *call, const struct outgoing_call *outgoing);
/* signalling.invite, in state CALLING. */
int invite_call(struct call *call, const struct answer *offer);
/* In state CALLING: gives it up, for the reason that call_want_end noted. */
void invite_cancel(struct call *call);
/* signalling.early and signalling.answer, in state INCOMING. */
int invite_early(struct call *call, const struct answer *how);
int invite_answer(struct call *call, const struct answer *how);
void reinvite_receive(struct call *call, struct incoming *in);
void update_receive(struct call *call, struct incoming *in);
void ack_receive(struct call *call, struct incoming *in);
void ack_missing(struct call *call);
void bye_receive(struct call *call, struct incoming *in);
void cancel_receive(struct incoming *in);
void options_receive(const struct dialog *dialog, struct incoming *in);
void register_receive(struct incoming *in);
void subscribe_receive(struct dialog *dialog, struct incoming *in);
void initiate_receive(struct dialog *dialog, struct incoming *in);
void refer_receive(struct dialog *dialog, struct incoming *in);
/* Whether it says that there is no subscription to it (RFC 4488). */
bool refer_is_silent(const sip_t *sip);
void notify_receive(struct dialog *dialog, struct incoming *in);
/* transfer.c: signalling.transfer */
int transfer_begin(struct call *call, const char *target, unsigned timeout);
/* Whether a NOTIFY may be about the REFER that is under way. */
bool transfer_is_meant(const struct call *call, const sip_t *sip);
/* A NOTIFY: its status line, 0 for none, and whether it is the last. */
void transfer_told(struct call *call, int status, const char *phrase, bool is_last);
/* Nothing is told any more. */
void transfer_forget(struct call *call);

/* errand.c: signalling.refer */
int errand_begin(void *ctx, const struct outgoing_refer *refer);
/* It will not be waited for. */
void errand_close(struct errand *errand);
int receive_message(struct sip_agent *agent, nta_agent_t *nta, msg_t *msg, sip_t *sip);

/* terms.c */
/* EINVAL: no codec of that name; ENOMEM. */
int terms_create(const struct sip_agent *agent, const struct answer *how, struct terms **termsp);
/* NULL is harmless. */
void terms_free(struct terms *terms);
/* From now on our bodies are by these. */
void terms_apply(struct call *call, const struct terms *terms);
/* They are what counts, in place of those before; takes them over. */
void terms_settle(struct call *call, struct terms *terms);

/* reinvite_client.c */
/* signalling.update. */
int reinvite_update(struct call *call, const struct answer *how);
/* The session timer wants a refresh. False: not now. */
bool reinvite_refresh(struct call *call);
/* Something that a change may have waited for is over. */
void reinvite_proceed(struct call *call);
/* Whether an offer of ours is under way by it. */
bool reinvite_is_out(const struct call *call);
/* What is not sent yet will not be. */
void reinvite_stop(struct call *call);
/* And what is out will not be heard of. */
void reinvite_forget(struct call *call);

/* offer.c: offer/answer (RFC 3264) of a call. */
bool message_has_sdp(const sip_t *sip);
/* Refuses an unusable offer with 400, 488 or 500. NULL: it did. */
struct sdp *offer_read(struct incoming *in, const struct sdp_local *local);
/* The answer to the offer, and what it comes to; *bodyp is malloc'ed. 0; ENOTSUP; ENOMEM; the call
 * is unchanged on error. */
int offer_answer(struct call *call, const struct sdp *offer, char **bodyp);
/* An offer of ours; `adds`: with audio, even when the dialog is without. 0; ENOMEM. */
int offer_make(struct call *call, bool adds, char **bodyp);
/* The peer's answer to our offer. 0; EBADMSG: none or unreadable; ENOTSUP; ENOMEM. */
int offer_answered(struct call *call, const sip_t *sip);
/* The session that came of it; there is one. */
void offer_agreed(const struct call *call, struct session *session);
/* Keeps the peer's description, for later offers of ours. */
void offer_remember(struct call *call, const sip_t *sip);

/* session_timer.c */
bool session_timer_check(struct incoming *in);
/* Settles interval and refresher for the 2xx to this request (RFC 4028 §9). */
void session_timer_negotiate(struct call *call, const sip_t *sip);
/* What the 2xx to an INVITE or UPDATE of ours says about it (§7.2). */
void session_timer_agree(struct call *call, const sip_t *sip);
/* A 422: false when it asks for what we cannot do. */
bool session_timer_lengthen(struct call *call, const sip_t *sip);
/* A 2xx to a refresh was just sent or received. */
void session_timer_restart(struct call *call);
/* Our refresh was refused: by a status that promises more of another try in `pause` ms … */
void session_timer_retry(struct call *call, uint64_t pause);
/* … or for good. */
void session_timer_refused(struct call *call, const sip_t *sip, bool by_update);
void session_timer_stop(struct call *call);

#endif
