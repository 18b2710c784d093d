/*
 * Why a state is as it is: each change notes the decision that made it, and a conference remembers
 * whom it lately turned away or put out. For explain.h, whose reasons these are. Focus thread.
 */
#ifndef FOCUS_CAUSE_H
#define FOCUS_CAUSE_H

#include "focus/request.h"

struct focus;
struct participant;
struct pending;

/* What of a participant has a cause of its own, once it was changed; until then it is as decided on
 * entry. */
enum cause_kind {
    CAUSE_ENTRY,
    CAUSE_MUTE,
    CAUSE_HOLD,
    CAUSE_VOLUME,
    CAUSE_ROLE,
    CAUSE_NAME,
    CAUSE_FLOOR,
    CAUSE_PERMIT,
    CAUSE_COUNT,
};

/* Fills in what is known when a request is decided. */
void cause_take(struct cause *cause, struct focus *focus, const struct request *request);
/* Who comes in without a name, or unseen, is not named as the one who asked for that. */
void cause_keep_secret(struct decision *decision, enum verb verb);
/* Keeps the decision's cause as that of a state which has been changed by it. */
void cause_note(struct cause *kept, const struct decision *decision);
/* The cause of what was left to somebody, whose decision is `moderation`. */
void cause_moderate(struct cause *cause, const struct decision *moderation);
/* Who takes the place of another has all that by the same causes, as far as it has the same. */
void causes_inherit(struct participant *participant, const struct participant *predecessor);
/* The one of the participant's that says why it is so. */
const struct cause *participant_cause(const struct participant *participant, enum cause_kind kind);
/* Why there is the conference; `at` 0: it is in the config. */
const struct cause *conference_made_cause(const struct conference *conference);
/* Of what is locked or open; `at` 0: it never was locked. */
const struct cause *conference_lock_cause(const struct conference *conference);

enum { INCIDENTS_KEPT = 64 };

/* A request that was refused, or somebody who was put out. */
struct incident {
    struct cause cause; /* of a refusal: `who` could not do what `verb` says */
    bool is_removal;    /* somebody was put out; else a request was refused */
    char whom[96];      /* URI of who was put out; "": nobody was, or it is not to be named */
    int code;
    char reason[96];
    unsigned count; /* times, of which this is the last */
};

/* The newest for NULL, then older ones; NULL after the last. */
const struct incident *conference_next_incident(const struct conference *conference,
                                                const struct incident *after);

/* A call that nobody was asked about: there is no room for it. NULL: to no conference. */
void incident_turned_away(struct conference *conference, const struct call_info *from, int code,
                          const char *reason);
/* The request was refused. */
void incident_refused(const struct request *request, const struct decision *decision);
/* The participant is about to be put out. */
void incident_removed(const struct participant *target, const struct decision *decision);
/* Whoever it was left to refuses what waits; `moderation` NULL: nobody has decided in time. */
void incident_moderated(const struct pending *pending, int code, const char *reason,
                        const struct decision *moderation);
void incidents_free(struct conference *conference);

#endif
