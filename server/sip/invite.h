/*
 * Inside the sip room: INVITE in both directions, and what changes a call afterwards. Focus thread.
 */
#ifndef SIP_INVITE_H
#define SIP_INVITE_H

#include "sip/call.h"

/* invite_server.c */
/* Takes an INVITE in hand, which must be answered by one of the functions below. */
int invite_take(struct call *call, const struct incoming *in);
void invite_provisional(struct call *call, int status, const char *phrase);
/* 200 with `body` (taken over) and what session_timer_negotiate said. */
void invite_accept(struct call *call, char *body, bool offers);
void invite_refuse(struct call *call, int status, const char *phrase, tag_type_t tag,
                   tag_value_t value, ...);
/* The same INVITE once more. */
void invite_again(struct call *call);
bool invite_is_pending(const struct call *call); /* no final answer */
bool invite_awaits_ack(const struct call *call);
/* Whether a CANCEL or an INVITE without To tag is of the transaction in hand. */
bool invite_matches(const struct call *call, const sip_t *sip);
/* Stops repeating and forgets the request. */
void invite_done(struct call *call);

/* invite_client.c: a call of ours. Errors as signalling.call. */
int invite_prepare(struct call *call, const struct outgoing_call *outgoing);
/* signalling.invite, in state CALLING. */
int invite_call(struct call *call, const struct answer *offer);
/* In state CALLING: gives it up, for the reason that call_want_end noted. */
void invite_cancel(struct call *call);
/* signalling.early and signalling.answer, in state INCOMING. */
int invite_early(struct call *call, const struct answer *how);
int invite_answer(struct call *call, const struct answer *how);

/* transfer.c: signalling.transfer */
int transfer_begin(struct call *call, const char *target, unsigned timeout);
/* Whether a NOTIFY may be about the REFER that is under way. */
bool transfer_is_meant(const struct call *call, const sip_t *sip);
/* A NOTIFY: its status line, 0 for none, and whether it is the last. */
void transfer_told(struct call *call, int status, const char *phrase, bool is_last);
/* Nothing is told any more. */
void transfer_forget(struct call *call);

/* reinvite_client.c */
/* signalling.update. */
int reinvite_update(struct call *call, const struct answer *how);
/* The session timer wants a refresh. False: not now. */
bool reinvite_refresh(struct call *call);
/* Something that a change may have waited for is over. */
void reinvite_proceed(struct call *call);
/* Whether an offer of ours is under way by it. */
bool reinvite_is_out(const struct call *call);
/* What is not sent yet will not be. */
void reinvite_stop(struct call *call);
/* And what is out will not be heard of. */
void reinvite_forget(struct call *call);

#endif
