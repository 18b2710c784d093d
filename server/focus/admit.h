/*
 * Inside the focus: how a call comes into a conference, ours or theirs, by itself or in place of
 * another. Focus thread.
 */
#ifndef FOCUS_ADMIT_H
#define FOCUS_ADMIT_H

#include "focus/private.h"

struct wishes;

/* admit.c */
void admit(struct focus *focus, struct call *call);
/* Asks whether who calls may join; what it wishes is `request->params`. */
void decide_join(struct request *request, const struct call_info *info, struct decision *decision);
/* Asks the policy whether the caller may join, and answers the call. */
void admit_to(struct conference *conference, struct call *call);
/* Answers the call, whose participant it makes. False: refused. `predecessor`: whom it replaces, or
 * NULL. */
bool bring_in(struct conference *conference, struct call *call, const struct decision *decision,
              struct participant *predecessor);
/* Decides about all whom a caller who may come in, by `decision`, has listed (RFC 5366 §5): who may
 * not have all of them called does not come in either (RFC 5363 §5.2). *wishesp NULL: there are
 * none. EPERM, ENOMEM: `refusal` says why. */
int decide_others(const struct request *join, const struct call_info *info,
                  const struct decision *decision, struct wishes **wishesp,
                  struct decision *refusal);
/* Answers it with a failure. */
void refuse_call(struct focus *focus, struct call *call, int code, const char *reason,
                 unsigned retry_after);
void refuse_call_by(struct focus *focus, struct call *call, const struct decision *decision);
/* Whether `user` at `host` can name a conference of ours. */
bool focus_may_serve(const struct focus *focus, const char *user, const char *host);
/* Why no call more can be taken at the moment, NULL: it can. `user` is who is called. */
const char *focus_is_full(struct focus *focus, const char *user);

/* Why no leg could be opened, in SIP's words and in the log. */
int media_failure(const char *conference, const char *call, int error, const char **reasonp);

/* replace.c */
/* All that somebody has, as whoever takes its place wishes it. */
void participant_params(const struct participant *participant, struct request_params *params);
/* A call that wants to replace the one that it names. */
void replace(struct focus *focus, struct call *call, const struct named_dialog *named);
/* `participant` answers for the other from now on, once it has joined. */
void replace_link(struct participant *participant, struct participant *predecessor);
/* One of them leaves. */
void replace_unlink(struct participant *participant);
/* What was decided about its predecessor is meant for the participant, too, who may be gone then.
 */
void replace_pass_on(struct participant *participant, enum verb verb,
                     const struct decision *decision);
/* The same for those who are to take the target's place once that has been decided. */
void replace_pass_on_waiting(const struct participant *target, enum verb verb,
                             const struct decision *decision);
/* The participant has joined: who it replaces goes. */
void replace_finish(struct participant *participant);

/* invite.c: the effect of an accepted invite. Errors as focus_submit, with decision->code. */
int invite(struct conference *conference, const struct request *request, struct decision *decision);

/* factory.c */
void factory_admit(struct conference *factory, struct call *call);

#endif
