/*
 * MESSAGE (RFC 3428), as signalling and the focus see each other: what somebody writes to a
 * conference, and what its participants are told of that. Focus thread.
 */
#ifndef PORTS_MESSAGING_H
#define PORTS_MESSAGING_H

#include "ports/signalling.h"

enum { MESSAGE_TEXT_MOST = 4096 }; /* bytes of what one message says */

/* Strings live for the call in which it is handed over. */
struct incoming_message {
    struct call_info from;   /* who writes, and to what user part and host; `id` for the log */
    const struct call *call; /* the call of the same dialog; NULL: none, or none any more */
    const char *text;        /* UTF-8, whose only control characters are tab and newline; not "" */
    int code;                /* out: 200; 202: it goes on to others (§7); or why not: 403 … */
    char reason[96];         /* out, with another code than 2xx: "" for the standard one */
    unsigned retry_after;    /* out: s, 0: no header */
};

/* Strings are copied. */
struct outgoing_message {
    const char *text;
    const char *name; /* of who says it; "": the conference itself does */
    const char *uri;  /* and where they are; "" with the other */
};

/* To whoever has sent a MESSAGE, and has proven who they are. Strings are copied. */
struct message_reply {
    const char *conference; /* user part of our From, which is the conference's URI */
    const char *title;      /* the display name of our From; "" for none */
    const char *uri;        /* whom: "sip:alice@example.com" */
    const char *account;    /* of ours, that they have proven to have; "": none */
    const char *peer;       /* where their MESSAGE came from: "192.0.2.1:5060;udp" */
    const char *text;
};

#endif
