/*
 * Inside the sip room: calls. Focus thread.
 */
#ifndef SIP_CALL_H
#define SIP_CALL_H

#include "sip/dialog.h"
#include "sip/sdp.h"
#include "sip/target.h"

/* The states of a call, which is the INVITE usage of a dialog.
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

/* MESSAGEs of ours in the dialog of a call (instant_send.c). */
struct instants {
    struct instant *first;   /* list: those that are not answered */
    unsigned count;          /* of them */
    nta_outgoing_t *request; /* with the first; NULL: none is out */
    unsigned tries;          /* of the first */
    bool takes_cpim;         /* the phone understands message/cpim */
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
    struct instants instants;
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

/* call.c */
struct call *call_create(struct incoming *in);
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

#endif
