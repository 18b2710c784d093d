/*
 * REFER (RFC 3515), as signalling and the focus see each other: what somebody wants to have done by
 * the focus, and how that goes.
 *
 * Signalling reads the REFER and keeps the implicit subscription; the focus decides, acts, and
 * reports. All functions run on the focus thread and never block.
 */
#ifndef PORTS_REFERRING_H
#define PORTS_REFERRING_H

#include "ports/signalling.h"

/* Who is told how it goes. Signalling's; it lives until the final report (signalling.report). */
struct referral;

enum reference_method {
    REFERENCE_INVITE, /* call the target (RFC 4579 §5.5) */
    REFERENCE_BYE,    /* put the target out (§5.11) */
    REFERENCE_HOLD,   /* put the target on hold (draft-ranjit-sipping-conference-01 §6.3) */
    REFERENCE_RESUME, /* and take it back (§6.4) */
    REFERENCE_REFER,  /* ask the target to call the conference (§5.7) */
};

/* One Refer-To. Strings live for the call in which it is handed over. */
struct reference {
    struct call_info from;   /* who asks, and for what user part and host; `id` for the log */
    const struct call *call; /* the call of the same dialog; NULL: none, or none any more */
    enum reference_method method;
    const char *uri;         /* the target, with its parameters, but for what says the method */
    const char *name;        /* the display name that goes with it; "" for none */
    const char *referred_by; /* the Referred-By header to go with the call (RFC 3892); "": none */
    const char *replaces;    /* the Replaces header to go with it (RFC 3891); "": none */
    const char *refer_to; /* of REFER: the conference that the target is to call; "": none given */
    /* Whom it is about, each with what is to be done; NULL: only the target above. */
    const struct recipients *recipients;
    /* To be told how it goes, if the code becomes 202, also from within the call; NULL: nobody
     * wants to know. */
    struct referral *referral;
    int code;         /* out: 202; or why not: 400, 401, 403, 404 … */
    char reason[96];  /* out, with another code than 202: "" for the standard one */
    unsigned expires; /* out: s in which the end of it will be known */
    bool is_pending;  /* out, with 202: it waits for somebody's decision (RFC 3515 §2.4.5) */
};

#endif
