/*
 * Inside the sip room: what requests must be, what they bring, and answering them. Focus thread.
 */
#ifndef SIP_MESSAGE_H
#define SIP_MESSAGE_H

#include "sip/agent.h"

/* headers.c */
/* `reason`, or the standard phrase of the code when that is NULL or "". */
const char *phrase_of(int code, const char *reason);
/* A final response, but no 2xx to an INVITE. A 401 gets its challenge. `to_tag` NULL: a new one if
 * need be. */
void respond_tagged(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tag_type_t tag, tag_value_t value, ...);
#define respond(in, ...) respond_tagged(in, NULL, __VA_ARGS__)
/* 500 with Retry-After between 0 and 10 s: something else is under way (RFC 3261 §14.2). */
void respond_later(struct incoming *in);
/* Our Contact, as seen by a peer that came by `tport` and called the URI `called`, allocated on
 * `home`. */
sip_contact_t *contact_make(struct sip_agent *agent, su_home_t *home, const char *user,
                            bool is_focus, const tport_t *tport, const url_t *called);
/* The address of ours that a peer that came by `tport` reaches. */
void local_address(const tport_t *tport, struct sockaddr_storage *address);
/* `SIP;cause=486;text="Busy Here"` (RFC 3326). */
void reason_write(char *header, size_t size, int code, const char *text);
bool contact_is_focus(const sip_contact_t *contact);
/* What our Allow-Events says where that Contact is ours: only a focus can be subscribed to. NULL:
 * there is none. */
const sip_allow_events_t *allow_events_of(const struct sip_agent *agent,
                                          const sip_contact_t *contact);
/* The same Contact with another user part, on `home`. NULL: out of memory. */
sip_contact_t *contact_rename(su_home_t *home, const sip_contact_t *contact, const char *user,
                              bool is_focus);
/* A Warning (RFC 3261 §20.43) on `home`. */
sip_warning_t *warning_make(struct sip_agent *agent, su_home_t *home, int code, const char *text);
/* Refuses with a Warning that says `why`; a 415 also says what bodies are taken. Returns false. */
bool respond_warned(struct incoming *in, int status, const char *phrase, const char *why);
/* Refuses more recipients than one request may have. Returns false. */
bool respond_crowded(struct incoming *in);

/* checks.c */
/* A SIP URI with a host. NULL is none. */
bool contact_is_usable(const sip_contact_t *contact);
/* False when the request was refused. */
bool check_request(struct incoming *in);
bool check_body(struct incoming *in);
bool check_contact(struct incoming *in, bool required);

/* bodies.c */
/* Takes the body apart: its session description stays, a recipient list goes to in->recipients.
 * `list_id`: only the list with this Content-ID; NULL: any. False: refused. */
bool bodies_read(struct incoming *in, const char *list_id);

/* confer_to.c */
/* The `action` of a URI, or of the header that it stands in; none: *actionp stays. False: one that
 * is none. */
bool recipient_action_of(const url_t *url, msg_param_t const *params,
                         enum recipient_action *actionp);
/* All that Confer-To says. ENOENT: there is none; EBADMSG: it is broken; EINVAL: an unknown action;
 * E2BIG: more than `limit`; ENOMEM. */
int confer_to_read(su_home_t *home, const sip_t *sip, unsigned limit, struct recipients *list);

/* refusal.c */
void refusal_create(struct incoming *in, const char *to_tag, int status, const char *phrase,
                    tagi_t const *tags);
/* Answers, and keeps nothing of it. */
void respond_once(struct incoming *in, const char *to_tag, int status, const char *phrase,
                  tagi_t const *tags);
/* True: the request belongs to an INVITE that was refused, and is dealt with. */
bool refusal_receive(struct incoming *in);
void refusals_close(struct sip_agent *agent);

#endif
