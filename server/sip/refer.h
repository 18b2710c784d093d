/*
 * Inside the sip room: REFER, what it asks for and how it goes, theirs and ours (RFC 3515). Focus
 * thread.
 */
#ifndef SIP_REFER_H
#define SIP_REFER_H

#include "sip/dialog.h"

/* refer_to.c */
/* Fills what the URI of a Refer-To says. `params`: those behind the URI, NULL for none; `display`:
 * the display name, NULL for none. EINVAL: it cannot be done, the reference says why. */
int reference_read(su_home_t *home, const url_t *url, msg_param_t const *params,
                   const char *display, struct reference *reference);
/* The escapes undone, on `home`. NULL: no text of a header, which ends at its line's end. */
char *text_unescape(su_home_t *home, const char *text, size_t length);

/* refer_list.c */
/* Whether it is for several at once. */
bool refer_is_many(const sip_t *sip);
/* Fills in the list, which in->recipients is. False: refused. */
bool refer_list_read(struct incoming *in, struct reference *reference);

/* referral.c */
/* Its subscription says nothing before subscription_renew. NULL: out of memory. */
struct referral *referral_create(struct dialog *dialog, const char *event_id);
/* As long as there was no final report. */
struct subscription *referral_subscription(const struct referral *referral);
/* It will not be done, and that is not told: frees it and its subscription. */
void referral_refuse(struct referral *referral);
/* How it stands, which is not the last word, whatever the code. */
void referral_tell(struct referral *referral, int code, const char *reason);
/* signalling.report */
void referral_report(struct referral *referral, int code, const char *reason);
const struct package *referral_package(void);

/* refer.c */
/* Whether it says that there is no subscription to it (RFC 4488). */
bool refer_is_silent(const sip_t *sip);

/* errand.c: signalling.refer */
int errand_begin(void *ctx, const struct outgoing_refer *refer);
/* It will not be waited for. */
void errand_close(struct errand *errand);

#endif
