/*
 * Requests that wait for somebody's decision (framework §5.5), to be looked at.
 *
 * A policy has answered `pending`. The request is kept, with all that it says, in the list of its
 * conference, until somebody decides it, which is a request of its own (VERB_DECIDE), until its
 * time is over, which is a refusal, or until there is nothing left to be decided: who asked, whom
 * it is about, or the conference has gone. Ids are never used twice. Used by the script engine,
 * state and control, on the focus thread.
 */
#ifndef FOCUS_PENDING_H
#define FOCUS_PENDING_H

#include "focus/focus.h"

struct pending;

/* As whom moderators see who waits without a name (RFC 3323). */
#define WAITS_ANONYMOUSLY "sip:anonymous@anonymous.invalid"

/* NULL: there is none, or its end has been told. */
struct pending *focus_pending(struct focus *focus, uint64_t id);
/* In the order in which they were asked. The first one for NULL; NULL after the last one. */
struct pending *conference_next_pending(const struct conference *conference,
                                        const struct pending *after);

/* It is decided, which is still to be told. */
bool pending_is_over(const struct pending *pending);
uint64_t pending_id(const struct pending *pending);
/* As it was asked. */
const struct request *pending_request(const struct pending *pending);
/* By which policy, and what it is to be accepted with. */
const struct decision *pending_decision(const struct pending *pending);
time_t pending_since(const struct pending *pending);
time_t pending_expires_at(const struct pending *pending);
/* Of the caller who waits; NULL: it is no call that waits, or it is gone. */
const struct call_info *pending_call(const struct pending *pending);
/* Only while `decided` is told: who has decided, the URI of a caller or the name of a script;
 * "": the operator, or nobody. */
const char *pending_decided_by(const struct pending *pending);

/* Who has asked is told what has become of it: accepted with result->params, or not. They may ask
 * for more by that, but not for the end of the conference. */
void pending_watch(struct pending *pending,
                   void (*decided)(void *arg, const struct decision *result), void *arg);
/* Who has asked wants it no longer, and is not told. Harmless when it is decided. */
void pending_cancel(struct focus *focus, uint64_t id);

/* A decide by this actor, with the params and `instead` of `wish`. Errors as of focus_submit. */
int pending_submit(struct focus *focus, const struct actor *actor, uint64_t id,
                   const struct request *wish, struct decision *decision);

#endif
