/*
 * Visitors: callers who talk with an application (RFC 4579 §5.3).
 *
 * A visitor hears what is played to it, and its keys are told to its application. It leaves by
 * hanging up, or by being sent away. When it joins a conference, the same call, with the same audio
 * stream, is a participant there, and the visitor is how its application knows it: as long as that
 * goes on, it hears of the keys, and may take the caller out of the mix to talk with it, and back
 * (framework 5.10: "disconnect" and "reconnect"). Callers who wait for somebody's decision
 * (pending.h) are visitors of nobody, and hear music. Visitors are named by ids that are never used
 * twice. Used by the script engine and by control, on the focus thread.
 */
#ifndef FOCUS_VISITOR_H
#define FOCUS_VISITOR_H

#include "focus/event.h"
#include "focus/request.h"
#include "ports/signalling.h"

#include <time.h>

struct focus;
struct visitor;

/* NULL: it has left. */
struct visitor *focus_visitor(struct focus *focus, uint64_t id);
/* Of those who are in no conference: the first one for NULL; NULL after the last one. */
struct visitor *focus_next_visitor(struct focus *focus, const struct visitor *after);

uint64_t visitor_id(const struct visitor *visitor);
const struct call_info *visitor_call(const struct visitor *visitor);
/* "dialing-in", "early" (there is audio before the answer) or "connected". */
const char *visitor_status(const struct visitor *visitor);
bool visitor_is_answered(const struct visitor *visitor);
/* To be let into a conference; no application talks with it. */
bool visitor_waits(const struct visitor *visitor);
/* What is played to it can be heard: the ACK is here, or audio has begun before it; in a
 * conference: it is out of the mix. */
bool visitor_has_audio(const struct visitor *visitor);
time_t visitor_since(const struct visitor *visitor);
void visitor_stats(const struct visitor *visitor, struct leg_stats *stats);

/* 180 Ringing. */
void visitor_ring(struct visitor *visitor);
/* 183 with SDP: audio both ways before the answer. EINVAL: the caller has made no offer, or the
 * call is answered; others: no media, and decision->code and reason say why. */
int visitor_progress(struct visitor *visitor, struct decision *decision);
/* 200; `joined` is told when the ACK is here. Errors as above. */
int visitor_answer(struct visitor *visitor, struct decision *decision);

/* Plays a file to the visitor, at a gain in dB, in place of what plays. `played` is told when it is
 * over, with *playbackp, and with the reason if it could not be played. ENODATA: there is no
 * audio; ENOMEM, EAGAIN. */
int visitor_play(struct visitor *visitor, const char *file, float gain, uint64_t *playbackp);
/* That prompts are said in to it, "de"; in a conference it is the participant's, too. "": that of
 * the settings. Nobody is asked. */
const char *visitor_language(const struct visitor *visitor);
void visitor_set_language(struct visitor *visitor, const char *language);
/* Nothing is told of what is stopped. */
void visitor_stop(struct visitor *visitor);
/* The music of who waits to be let in; nothing for who does not. */
void visitor_play_music(struct visitor *visitor);

/* Records what the visitor says, for `most` ms or until it is silent for `silence` ms (0: it does
 * not matter). `recorded` is told when the file is whole, or cannot be written. ENODATA: there is
 * no audio; EEXIST: the file is being written; ENOTSUP: no such kind of file; EINPROGRESS: its
 * audio is on its way to another mix, for a tick or two; ENOMEM, EAGAIN. */
int visitor_record(struct visitor *visitor, const char *file, unsigned most, unsigned silence,
                   uint64_t *recordingp);
void visitor_record_stop(struct visitor *visitor, uint64_t recording);

/* Asks the policy whether it may join a conference, and what `wish` says of its role and the like;
 * accepted, its call, by a 200 or by a re-INVITE that names the conference as the focus (RFC 4579
 * §5.3), is that of decision->participant. EPERM: rejected, it stays; ECANCELED: it could not be
 * done, and it stays, or its call is over; decision->code and reason say why. EINPROGRESS: somebody
 * is to decide, and `decided` is told to its application then; EALREADY: it waits for that. ENOENT:
 * that is no conference, or it is over. */
int visitor_join(struct visitor *visitor, struct conference *conference,
                 const struct request_params *wish, struct decision *decision);
/* The participant that it is; 0: it is in no conference. */
uint64_t visitor_participant(const struct visitor *visitor);
/* The same, but the participant of the sidebar that it is in, if it is in one. */
uint64_t visitor_here(const struct visitor *visitor);
/* It is in a conference, and out of its mix. */
bool visitor_is_out(const struct visitor *visitor);
/* Out of the mix of its conference, or back in: there it stays what it is, and is on hold. `held`
 * is told when that is done, with the reason if it could not be. Nobody is asked, as when a phone
 * puts the conference on hold. */
void visitor_step(struct visitor *visitor, bool out);
/* In the mix of its conference these keys, and those that follow them, are for its application
 * alone; others are the conference's. "": none are. `has_begun`: one of them has been pressed. Out
 * of the mix all are. */
void visitor_take_keys(struct visitor *visitor, const char *keys, bool has_begun);
/* What is pressed in the mix is for its application alone, since one of its keys was. */
bool visitor_has_own_keys(const struct visitor *visitor);
/* Its application is over: who is in a conference stays, and goes back into the mix. */
void visitor_let_go(struct visitor *visitor);

/* Its phone is asked to call that URI instead (RFC 5589 §6), for at most so many ms; `changed` is
 * told when the outcome is known, with its code and reason. EINVAL: no SIP URI; EBUSY: its call is
 * not up, or in a conference; EHOSTUNREACH, ENOMEM. */
int visitor_transfer(struct visitor *visitor, const char *target, unsigned timeout);

/* These end its visit. */
/* A final 3xx–6xx when it is not answered, else a BYE; `reason` "": the phrase of the code. */
void visitor_dismiss(struct visitor *visitor, int code, const char *reason);
/* 302: it is to call that URI, or that user part here. EINVAL: no SIP URI, or it is answered: it
 * stays. */
int visitor_redirect(struct visitor *visitor, const char *target);
/* Its application has failed: 500, or a tone that says so and a BYE. Who is in a conference hears
 * the tone and is let go. */
void visitor_fail(struct visitor *visitor);

#endif
