/*
 * The calls, as the focus sees them: what it may ask of signalling, and what signalling tells it.
 *
 * Implemented by the sip room for phones on the network. `struct call` is one INVITE dialog with
 * one peer; it belongs to the implementer. All functions run on the focus thread and never block.
 */
#ifndef PORTS_SIGNALLING_H
#define PORTS_SIGNALLING_H

#include "core/recipients.h"
#include "ports/session.h"

struct call;
struct referral; /* see ports/referring.h */
struct reference;
struct initiation;       /* see ports/initiating.h */
struct incoming_message; /* see ports/messaging.h */
struct outgoing_message;
struct message_reply;

/* Conferences that are linked with each other, by ids that are theirs alone. */
enum {
    CASCADE_ID = 16,                                /* lower-case hexadecimal digits */
    CASCADE_MOST = 32,                              /* that one call may tell of */
    CASCADE_TEXT = CASCADE_MOST * (CASCADE_ID + 1), /* bytes of their ids, with blanks between */
};

/* How somebody has proven who it is. */
enum proof {
    PROOF_NONE,
    PROOF_PASSWORD,     /* of an account of ours (RFC 7616) */
    PROOF_PEER,         /* the word of a proxy that we trust (RFC 3325) */
    PROOF_REGISTRATION, /* we call a phone that has proven it when it registered */
};

/* Who is at the other end, and how that was proven. Strings live as long as the call. */
struct caller {
    /* "sip:alice@example.com", no parameters: the account or the asserted identity (RFC 3325) when
     * it is authenticated, else what From says (RFC 3261 §8.1.1.3). */
    const char *uri;
    const char *user;         /* user part of it, unescaped; "" when there is none */
    const char *host;         /* host part of it */
    const char *display_name; /* "" when there is none */
    const char *user_agent;   /* User-Agent header; "" when there is none */
    const char *peer;         /* "192.0.2.1:5060;udp": where the packets come from */
    const char *groups;       /* those of the account, separated by blanks; NULL or "": none */
    bool authenticated;       /* there is a proof */
    enum proof proof;
    bool anonymous; /* From says anonymous.invalid or Privacy asks for it (RFC 3323) */
};

/* A call's dialog, as Join, Replaces and the dialog package name it (RFC 3911, 3891, 4235). */
struct dialog_id {
    const char *call_id;
    const char *local_tag;  /* ours */
    const char *remote_tag; /* "": not yet known; whom we call may have none before the answer */
};

/* The dialog that a call which comes in names: one whose conversation it wants to join (Join, RFC
 * 3911), or whose place it wants to take (Replaces, RFC 3891). */
struct named_dialog {
    bool is_replaced;   /* else joined */
    bool is_early_only; /* replaced only as long as nobody has answered it */
    struct call *call;  /* NULL, of a Join: there is no such dialog */
};

/* What is known about a call from its first INVITE on; who answers a call of ours, and from where,
 * is known when it is established. Strings live as long as the call. */
struct call_info {
    const char *id;             /* short and unique in this process; stands in every log line */
    const char *requested_user; /* user part of the Request-URI, unescaped */
    const char *requested_host;
    struct caller caller;
    struct dialog_id dialog;
    const char *contact;     /* where the peer's device can be reached: its Contact URI; of one that
                                we call, until it answers, what we call */
    const char *referred_by; /* URI of the Referred-By header (RFC 3892); "" when there is none */
    int family;              /* AF_INET or AF_INET6: what our media address must be */
    bool has_offer;          /* false: we offer in the 200, the peer answers in its ACK */
    const struct recipients *recipients; /* whom the caller wants to have called, too (RFC 5366);
                                            NULL: nobody */
    const struct named_dialog *names;    /* only while on_incoming is told; NULL: none */
    bool is_focus;       /* it is no phone: its Contact says that it is a conference, too */
    const char *cascade; /* ids of that one and of those that are linked with it; NULL, "": none */
    bool takes_messages; /* the phone says that it takes MESSAGE (RFC 3428), or has sent one */
    bool is_outgoing; /* begun by us: `caller` is whom we call, `requested_…` are our own side */
};

/* How a call is to be answered, begun, or changed. Strings are copied. */
struct answer {
    const char *contact_user; /* user part of our Contact: the conference */
    bool is_focus;            /* add ;isfocus to the Contact (RFC 4579 §4.2) */
    bool rings;               /* of an incoming call: 180 before the 200, by the same Contact */
    const char *subject;      /* SDP s= line; NULL: "-" */
    struct session_about about;
    const char *cascade; /* ids of the conferences that come with it; NULL, "": none */
    struct media_address media;
    /* What our stream is not to do, though it could: STREAM_SENDONLY: send. 0: it does both. */
    enum stream_direction withheld;
    /* Names of the codecs to offer and to answer with, best first, separated by blanks; NULL or "":
     * all that there are. */
    const char *codecs;
};

/* A call to be begun. Strings are copied. */
struct outgoing_call {
    const char *target;      /* whom to call: a SIP URI; its headers are not sent */
    const char *device;      /* the URI of the one phone of theirs to call; NULL or "": all that
                                there are */
    bool is_proven;          /* that phone has proven to be theirs, which call_info says then */
    const char *name;        /* the display name that goes with it; "" for none */
    const char *conference;  /* user part of our From, which is the conference's URI */
    const char *title;       /* the display name of our From; "" for none */
    const char *referrer;    /* the URI on whose behalf, for call_info; "" for none */
    const char *referred_by; /* Referred-By header (RFC 3892); "" for none */
    const char *replaces;    /* Replaces header (RFC 3891); "" for none */
};

/* Somebody to be asked to call the conference themselves (RFC 4579 §5.7). */
struct outgoing_refer {
    struct outgoing_call call; /* as if we called them; what it replaces does not count */
    unsigned timeout;          /* ms until the outcome must be known */
    struct referral *referral; /* who is told how it goes; NULL: nobody */
};

/* What the focus asks. `reason` is the SIP reason phrase; NULL: the standard one. */
struct signalling {
    void *ctx;
    /* Makes a call to somebody, whom *callp's info names; nothing is sent before `invite`. EINVAL:
     * not a SIP URI that can be called; ENOENT: an account of ours that no phone has registered
     * for; ELOOP: it leads to this server itself; EAFNOSUPPORT: no listener of the address's family
     * or transport; ENOMEM. */
    int (*call)(void *ctx, const struct outgoing_call *outgoing, struct call **callp);
    /* Sends its INVITE, with an offer. 0; EINVAL: it was sent already. What goes wrong later is
     * told by on_ended. */
    int (*invite)(struct call *call, const struct answer *offer);
    /* Sends a REFER. Errors as of `call`, and EAGAIN: too many are under way. */
    int (*refer)(void *ctx, const struct outgoing_refer *refer);
    const struct call_info *(*info)(const struct call *call);
    /* One pointer of the focus's on the call; NULL at first. */
    void (*set_user)(struct call *call, void *user);
    void *(*user)(const struct call *call);
    /* 180 Ringing, or another 1xx. Ignored once there was a final answer. */
    void (*progress)(struct call *call, int code, const char *reason);
    /* 183 with SDP, so that there is audio before the answer (RFC 3261 §13.3.1.1). 0; EINVAL: not
     * waiting for an answer (any more), or the peer has made no offer. */
    int (*early)(struct call *call, const struct answer *answer);
    /* 200 with SDP; after `early` the same SDP, whatever `answer` says of media, and our Contact as
     * it says now. 0; EINVAL: not waiting for an answer (any more). */
    int (*answer)(struct call *call, const struct answer *answer);
    /* Changes a call that was answered or begun, by a re-INVITE (RFC 3261 §14) as soon as nothing
     * else is under way in its dialog. `how` says all that is to be; of several, the last counts.
     * 0: on_updated follows from a later turn, unless the call ends or another update comes first.
     * EINVAL: no such call (any more), or no codec of that name; ENOMEM. */
    int (*update)(struct call *call, const struct answer *how);
    /* Asks the peer of a call that is up to call `target`, a SIP URI, instead (RFC 5589 §6), in the
     * same dialog. 0: on_transferred follows within `timeout` ms, unless the call ends. EINVAL: no
     * SIP URI; EBUSY: the call is not up, or is being transferred; EHOSTUNREACH, ENOMEM. */
    int (*transfer)(struct call *call, const char *target, unsigned timeout);
    /* Final 3xx–6xx; a 401 asks for a password (RFC 3261 §22). `retry_after` in s, 0: no header.
     * on_ended does follow, from a later turn. */
    void (*reject)(struct call *call, int code, const char *reason, unsigned retry_after);
    /* 302 (RFC 3261 §8.3): the caller is to call `target`, a SIP URI, or the user part of one of
     * ours; `is_focus` as in struct answer. 0; EINVAL: no SIP URI, or not waiting for an answer
     * (any more). on_ended follows, from a later turn. */
    int (*redirect)(struct call *call, const char *target, bool is_focus);
    /* Ends the call as its state demands (BYE; CANCEL, or 480, before the answer). Goes out with
     * `Reason: SIP;cause=code;text="reason"` (RFC 3326). on_ended follows, from a later turn. */
    void (*end)(struct call *call, int code, const char *reason);
    /* Sends a MESSAGE (RFC 3428) in the dialog of a call that is up, once those before it are
     * answered. What becomes of it nobody is told. ENOPROTOOPT: the phone does not take it, or the
     * call is not up; EAGAIN: too many wait; ENOMEM. */
    int (*message)(struct call *call, const struct outgoing_message *message);
    /* Sends MESSAGEs outside of any dialog (RFC 3428 §8): to where their account is registered,
     * else to where they wrote from; as many as the text takes, each when the one before is
     * answered. What becomes of them nobody is told. Errors as of `call`, and EAGAIN: too many are
     * under way; EMSGSIZE: its addresses leave no room for a text. */
    int (*reply)(void *ctx, const struct message_reply *reply);
    /* Tells a REFERer how it goes: 1xx; a final code is the last report, after which the referral
     * is gone. */
    void (*report)(struct referral *referral, int code, const char *reason);
};

/* What somebody asked to know by OPTIONS outside a dialog, and what to say. */
struct query {
    const char *requested_user;
    const char *requested_host;
    const struct caller *caller;
    int code;             /* out: 200; 404 when there is no such conference; 401, 503 */
    unsigned retry_after; /* out: s, 0: no header */
    bool is_focus;        /* out */
    const char *subject;  /* out: as in struct answer, like `about`; of the focus's */
    struct session_about about;
};

/* What signalling tells. `arg` is given with the table. A call that comes in is heard of by
 * on_incoming first. Every call is heard of by on_ended last, exactly once, after which it must not
 * be touched. */
struct signalling_events {
    /* A new INVITE, checked, with an SDP that we can answer. To be answered or rejected by the
     * focus, at once or later. */
    void (*on_incoming)(struct call *call, void *arg);
    /* Offer/answer ended well: at first, and after each re-INVITE or UPDATE that changes media. */
    void (*on_session)(struct call *call, const struct session *session, void *arg);
    /* Whom we call has answered with a 1xx above 100: with 180 the phone rings. */
    void (*on_progress)(struct call *call, int code, const char *reason, void *arg);
    /* The ACK of our 200 is here, or the 200 to our INVITE: the call is up. */
    void (*on_established)(struct call *call, void *arg);
    /* The last update is in force (200; on_session was told before, if media have changed), or was
     * refused with `code`, and all is as it was before it. */
    void (*on_updated)(struct call *call, int code, const char *reason, void *arg);
    /* What has come of a transfer: 2xx, or why not: 405, say, or 486. The call is as it was. */
    void (*on_transferred)(struct call *call, int code, const char *reason, void *arg);
    /* Over, whoever ended it. `code`: 0 for a BYE from the peer, 487 for a CANCEL, 408 when the
     * ACK or a session refresh failed to come, 300–699 for how our INVITE was refused (408 and 503
     * also when nobody was reached), otherwise the code of our own end or reject. */
    void (*on_ended)(struct call *call, int code, const char *reason, void *arg);
    /* A key pressed for so many ms, told by INFO. */
    void (*on_key)(struct call *call, char key, unsigned duration, void *arg);
    void (*on_query)(struct query *query, void *arg);
    /* A REFER, checked, with one that we could do. */
    void (*on_refer)(struct reference *reference, void *arg);
    /* A MESSAGE, with something in it: what is to be answered. */
    void (*on_message)(struct incoming_message *message, void *arg);
    /* A focus says by a re-INVITE what else is linked with it now: see its info. */
    void (*on_cascade)(struct call *call, void *arg);
    /* An INITIATE, checked: what is to be answered. If that is 202, the answer is followed by
     * on_initiated, and only then anybody is called; `is_accepted` false: it was refused after all,
     * since its subscription could not be. */
    void (*on_initiate)(struct initiation *initiation, void *arg);
    void (*on_initiated)(struct initiation *initiation, bool is_accepted, void *arg);
};

#endif
