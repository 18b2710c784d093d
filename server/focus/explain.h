/*
 * Why one participant does (not) hear another, and why a participant is as it is: read from the
 * state and its causes, nothing is changed. Focus thread.
 */
#ifndef FOCUS_EXPLAIN_H
#define FOCUS_EXPLAIN_H

#include "focus/cause.h"

enum {
    REASONS_MAX = 16,
    REASON_LINE = 900, /* bytes with NUL that a reason with its cause needs */
};

struct reason {
    char text[256]; /* "alice is muted" */
    bool is_caused; /* somebody has decided it: */
    struct cause cause;
};

struct explanation {
    bool is_audible;
    float gain; /* dB, at which the listener hears the talker, if it does */
    unsigned count;
    struct reason reasons[REASONS_MAX]; /* what silences first */
};

/* Both are in one conference, or on the way in. */
void explain_pair(const struct participant *listener, const struct participant *talker,
                  struct explanation *explanation);
/* Status, role, whatever is not as for any other, and what it has asked for or others have about it
 * that waits for a decision; is_audible and gain mean nothing. */
void explain_one(const struct participant *participant, struct explanation *explanation);

/* "bob hears alice at +3.0 dB" */
void explanation_head(const struct participant *listener, const struct participant *talker,
                      const struct explanation *explanation, char *text, size_t size);
/* "asked by sip:carol@example.com when told digit 1 of alice, decided by policy/site.lua:7,
 * generation 2, 2026-11-21T22:07:11Z" */
void cause_line(struct focus *focus, const struct cause *cause, char *text, size_t size);
/* The text, and after a colon its cause. */
void reason_line(struct focus *focus, const struct reason *reason, char *text, size_t size);
/* Whose decision is waited for, on what and how long: "moderator on: mute of bob, until
 * 2026-11-21T22:12:11Z" */
void pending_line(struct focus *focus, const struct pending *pending, char *text, size_t size);
/* How messages call a participant: "alice", or "anonymous1". */
void participant_label(const struct participant *participant, char *text, size_t size);
/* Whether the operator or a script means it by that name: its label, id, user part or URI. */
bool participant_is_meant(const struct participant *participant, const char *name);

#endif
