/*
 * The calls, as the focus sees them: what it may ask of signalling, and what signalling tells it.
 *
 * Implemented by the sip room for phones on the network. `struct call` is one INVITE dialog with
 * one peer; it belongs to the implementer. All functions run on the focus thread and never block.
 */
#ifndef PORTS_SIGNALLING_H
#define PORTS_SIGNALLING_H

#include "ports/session.h"

struct call;

/* Who is at the other end, and how that was proven. Strings live as long as the call. */
struct caller {
    const char *uri;          /* "sip:alice@example.com", no parameters; RFC 3261 §8.1.1.3 From */
    const char *user;         /* user part of it, unescaped; "" when there is none */
    const char *host;         /* host part of it */
    const char *display_name; /* "" when there is none */
    const char *user_agent;   /* User-Agent header; "" when there is none */
    const char *peer;         /* "192.0.2.1:5060;udp": where the packets come from */
    bool authenticated;       /* identity proven by digest */
    bool anonymous;           /* From says anonymous.invalid or Privacy asks for it (RFC 3323) */
};

/* A call's dialog, as Join, Replaces and the dialog package name it (RFC 3911, 3891, 4235). */
struct dialog_id {
    const char *call_id;
    const char *local_tag; /* ours */
    const char *remote_tag;
};

/* What is known about a call from its first INVITE on. Strings live as long as the call. */
struct call_info {
    const char *id;             /* short and unique in this process; stands in every log line */
    const char *requested_user; /* user part of the Request-URI, unescaped */
    const char *requested_host;
    struct caller caller;
    struct dialog_id dialog;
    const char *contact;     /* the peer's Contact URI, where its device can be reached */
    const char *referred_by; /* URI of the Referred-By header (RFC 3892); "" when there is none */
    int family;              /* AF_INET or AF_INET6: what our media address must be */
    bool has_offer;          /* false: we offer in the 200, the peer answers in its ACK */
};

/* How a call is to be answered. Strings are copied. */
struct answer {
    const char *contact_user; /* user part of our Contact: the conference */
    bool is_focus;            /* add ;isfocus to the Contact (RFC 4579 §4.2) */
    const char *subject;      /* SDP s= line; NULL: "-" */
    struct media_address media;
};

/* What the focus asks. `reason` is the SIP reason phrase; NULL: the standard one. */
struct signalling {
    const struct call_info *(*info)(const struct call *call);
    /* One pointer of the focus's on the call; NULL at first. */
    void (*set_user)(struct call *call, void *user);
    void *(*user)(const struct call *call);
    /* 180 Ringing, or another 1xx. Ignored once there was a final answer. */
    void (*progress)(struct call *call, int code, const char *reason);
    /* 200 with SDP. 0; EINVAL: not waiting for an answer (any more). */
    int (*answer)(struct call *call, const struct answer *answer);
    /* Final 3xx–6xx. `retry_after` in s, 0: no header. on_ended does follow, from a later turn. */
    void (*reject)(struct call *call, int code, const char *reason, unsigned retry_after);
    /* Ends the call as its state demands (BYE, or 480 before the answer). Goes out with
     * `Reason: SIP;cause=code;text="reason"` (RFC 3326). on_ended follows, from a later turn. */
    void (*end)(struct call *call, int code, const char *reason);
};

/* What somebody asked to know by OPTIONS outside a dialog, and what to say. */
struct query {
    const char *requested_user;
    const char *requested_host;
    int code;      /* out: 200; 404 when there is no such conference; 503 */
    bool is_focus; /* out */
};

/* What signalling tells. `arg` is given with the table. A call is heard of by on_incoming first,
 * and by on_ended last, exactly once, after which it must not be touched. */
struct signalling_events {
    /* A new INVITE, checked, with an SDP that we can answer. To be answered or rejected by the
     * focus, at once or later. */
    void (*on_incoming)(struct call *call, void *arg);
    /* Offer/answer ended well: at first, and after each re-INVITE or UPDATE that changes media. */
    void (*on_session)(struct call *call, const struct session *session, void *arg);
    /* The ACK of our 200 is here: the call is up. */
    void (*on_established)(struct call *call, void *arg);
    /* Over, whoever ended it. `code`: 0 for a BYE from the peer, 487 for a CANCEL, 408 when the
     * ACK or a session refresh failed to come, otherwise the code of our own end or reject. */
    void (*on_ended)(struct call *call, int code, const char *reason, void *arg);
    void (*on_query)(struct query *query, void *arg);
};

#endif
