/*
 * Inside the sip room: what a call's session is to be (RFC 3264), and for how long (RFC 4028).
 * Focus thread.
 */
#ifndef SIP_OFFER_H
#define SIP_OFFER_H

#include "sip/call.h"

/* offer.c: offer/answer (RFC 3264) of a call. */
bool message_has_sdp(const sip_t *sip);
/* Refuses an unusable offer with 400, 488 or 500. NULL: it did. */
struct sdp *offer_read(struct incoming *in, const struct sdp_local *local);
/* The answer to the offer, and what it comes to; *bodyp is malloc'ed. 0; ENOTSUP; ENOMEM; the call
 * is unchanged on error. */
int offer_answer(struct call *call, const struct sdp *offer, char **bodyp);
/* An offer of ours; `adds`: with audio, even when the dialog is without. 0; ENOMEM. */
int offer_make(struct call *call, bool adds, char **bodyp);
/* The peer's answer to our offer. 0; EBADMSG: none or unreadable; ENOTSUP; ENOMEM. */
int offer_answered(struct call *call, const sip_t *sip);
/* The session that came of it; there is one. */
void offer_agreed(const struct call *call, struct session *session);
/* Keeps the peer's description, for later offers of ours. */
void offer_remember(struct call *call, const sip_t *sip);

/* terms.c */
/* EINVAL: no codec of that name; ENOMEM. */
int terms_create(const struct sip_agent *agent, const struct answer *how, struct terms **termsp);
/* NULL is harmless. */
void terms_free(struct terms *terms);
/* From now on our bodies are by these. */
void terms_apply(struct call *call, const struct terms *terms);
/* They are what counts, in place of those before; takes them over. */
void terms_settle(struct call *call, struct terms *terms);

/* session_timer.c */
bool session_timer_check(struct incoming *in);
/* Settles interval and refresher for the 2xx to this request (RFC 4028 §9). */
void session_timer_negotiate(struct call *call, const sip_t *sip);
/* What the 2xx to an INVITE or UPDATE of ours says about it (§7.2). */
void session_timer_agree(struct call *call, const sip_t *sip);
/* A 422: false when it asks for what we cannot do. */
bool session_timer_lengthen(struct call *call, const sip_t *sip);
/* A 2xx to a refresh was just sent or received. */
void session_timer_restart(struct call *call);
/* Our refresh was refused: by a status that promises more of another try in `pause` ms … */
void session_timer_retry(struct call *call, uint64_t pause);
/* … or for good. */
void session_timer_refused(struct call *call, const sip_t *sip, bool by_update);
void session_timer_stop(struct call *call);

#endif
