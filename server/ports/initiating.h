/*
 * INITIATE (draft-ranjit-sipping-conference-01), as signalling and the focus see each other: a
 * conference is wanted with these people in it, and whoever wants it owns it and is told about it.
 *
 * Signalling reads the request, answers it, and keeps the subscription that comes with it. The
 * focus decides first (on_initiate), and calls people once that is answered (on_initiated). Focus
 * thread.
 */
#ifndef PORTS_INITIATING_H
#define PORTS_INITIATING_H

#include "core/text.h"
#include "ports/signalling.h"

struct wishes;

/* Strings live until on_initiated. */
struct initiation {
    struct call_info from;   /* who asks, and by what user part and host; `id` for the log */
    const struct call *call; /* the call of the same dialog; NULL: none, or none any more */
    const char *device;      /* the URI of the phone that asks, to be called itself */
    const struct recipients *recipients;
    int code;        /* out: 202; or why not: 400, 401, 403, 404 … */
    char reason[96]; /* out, with another code than 202: "" for the standard one */
    char conference[CONFERENCE_NAME_MAX + 1]; /* out: that it is about, and that is watched */
    struct wishes *wishes;                    /* the focus's, with 202 */
    bool is_new;                              /* the same: the conference was made for it */
};

#endif
