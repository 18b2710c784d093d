/*
 * Inside the focus: what participants and others wish about people by REFER, INITIATE or a list,
 * and who is told how it goes. Focus thread.
 */
#ifndef FOCUS_WISHES_H
#define FOCUS_WISHES_H

#include "focus/request.h"
#include "ports/initiating.h"
#include "ports/referring.h"

struct focus;
struct participant;

/* uncalled.c */
/* That somebody whom an accepted invite names could not even be called: as a participant who failed
 * to come, for the time of that event. Without memory for it only the log knows. */
void participant_tell_uncalled(struct conference *conference, const struct invitation *invitation,
                               const struct decision *decision);

/* wishes.c: what one request wants done about several people, for all of them or for none. */
/* Asks the policy about each of `list`, who live until it is carried out. `common` says for which
 * conference, who asks, and, unless its invitation is NULL, on whose behalf. EPERM: one of the
 * wishes may not be, *decision says why; ENOMEM. */
int wishes_decide(const struct request *common, const struct recipients *list,
                  struct wishes **wishesp, struct decision *decision);
/* And frees. What goes wrong with one is no harm to the others. NULL: there is nothing to do. */
void wishes_carry_out(struct wishes *wishes);
void wishes_free(struct wishes *wishes);
/* Nobody is in about whom the request is, 404. But who may not do it is told nothing of who is. */
void wish_refuse_unknown(const struct request *request, struct decision *decision);

/* initiate.c */
void initiate(struct focus *focus, struct initiation *initiation);
void initiated(struct focus *focus, struct initiation *initiation, bool is_accepted);

/* refer.c */
/* A REFER came: decides and acts. */
void refer(struct focus *focus, struct reference *reference);
/* `referral` is told from now on how it goes with whom we call. */
void referrer_add(struct participant *participant, struct referral *referral);
/* The same when it had been wished for before; NULL: nobody is told. */
void referrer_add_to(struct participant *participant, struct referral *referral);
/* A code of 200 or more is the last word. */
void referrers_tell(struct participant *participant, int code, const char *reason);

/* refer_waiting.c */
/* False: nobody of that URI waits, or whoever refers may not decide about them. */
bool refer_waiting(struct focus *focus, struct reference *reference, const struct request *asked);

#endif
