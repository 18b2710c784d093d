/*
 * Inside the sip room: instant messages (RFC 3428), by MESSAGE in both directions. Focus thread.
 */
#ifndef SIP_INSTANT_H
#define SIP_INSTANT_H

#include "sip/call.h"

#include "ports/messaging.h"

#define CPIM_TYPE "message/cpim"

struct page;

/* instant_send.c */
/* signalling.message */
int instant_send(struct call *call, const struct outgoing_message *message);
/* What is not sent yet will not be. */
void instant_forget(struct call *call);
/* Takes what the phone says of itself in an INVITE, or in the 2xx to ours: whether it takes
 * messages, and in which form. */
void instant_learn(struct call *call, const sip_t *sip);

/* page.c */
/* signalling.reply */
int page_send(void *ctx, const struct message_reply *reply);
/* Ends it without a word. */
void page_close(struct page *page);

/* cpim.c (RFC 3862) */
/* Where the text of a message is: between *textp and *textp + *sizep, in `body`; `type` gets the
 * Content-Type that it has there, without blanks at its ends. EBADMSG: it is no such message. */
int cpim_read(const char *body, size_t length, char *type, size_t type_size, const char **textp,
              size_t *sizep);
/* A plain text as such a message, malloc'ed; NULL: out of memory. `name` may be "". */
char *cpim_write(const struct outgoing_message *message, const char *to);

#endif
