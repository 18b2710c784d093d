/*
 * Inside the focus, and for those who are told of it: what somebody has written to a conference
 * (RFC 3428). Immutable, and counted: it lives as long as an event holds it. Focus thread.
 */
#ifndef FOCUS_MESSAGE_H
#define FOCUS_MESSAGE_H

#include "focus/request.h"
#include "ports/messaging.h"

struct focus;
struct participant;

struct message {
    unsigned references;
    char *strings;      /* where its texts live */
    struct actor actor; /* who has written it; its strings are the message's */
    const char *text;
    const char *name; /* of its sender, as the others are told; "": the conference itself */
    bool is_relayed;  /* to the others; else it was for the scripts alone */
};

struct message *message_ref(struct message *message);
/* NULL is fine. */
void message_unref(struct message *message);

/* message.c */
/* Answers who has sent it to the conference, and nobody else: in their call, else to where their
 * account is reached, or they wrote from, once they have proven who they are. No policy is asked:
 * what it says is what they were let do. ENOENT: the conference is gone; EACCES: nobody knows who
 * they are; EAGAIN: too many are on their way; else they cannot be reached. */
int message_answer(struct focus *focus, uint64_t conference, const struct message *message,
                   const char *text);

/* For the focus alone. */
/* Somebody has sent a MESSAGE: decides, acts, and says what the answer is. */
void message_receive(struct focus *focus, struct incoming_message *incoming);
/* What is said reaches all but who says it; or the target alone, of which nobody is told. ENOMEM;
 * of a target ENOPROTOOPT: its phone takes no messages; EMSGSIZE: too many are on their way to it.
 */
int conference_tell_message(struct conference *conference, struct participant *target,
                            const struct request *request, const struct decision *decision);

#endif
