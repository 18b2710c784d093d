/*
 * Inside the sip room: who sends a request, and whether that is proven. Focus thread.
 */
#ifndef SIP_CALLER_H
#define SIP_CALLER_H

#include "sip/agent.h"

/* caller.c */
/* Where it came from, as "192.0.2.1:5060;udp", on `home`. NULL: no memory. */
const char *peer_address(su_home_t *home, msg_t *msg, const tport_t *tport);
/* Who sends the request, as it says. ENOMEM. */
int caller_read(struct incoming *in);
/* Sets who that is; `display` NULL: the display name stays. ENOMEM. */
int caller_name(struct incoming *in, const url_t *uri, const char *display);
/* What a request of a sender who is known is for; the strings live on `home`. ENOMEM. */
int call_info_read(struct call_info *info, su_home_t *home, const struct incoming *in);
/* The call's description when it is we who call. ENOMEM. */
int caller_of_target(struct call *call, const url_t *target, const struct outgoing_call *outgoing,
                     int family);
/* What the 2xx `sip` to our `request` adds to it: the device that has answered. ENOMEM. */
int caller_answered(struct call *call, nta_outgoing_t *request, const sip_t *sip);
/* A quoted-string or token as text. NULL: out of memory. */
const char *display_name(su_home_t *home, const char *quoted);
/* What was called, without what only says how to get there; but a URI that names TCP is another
 * than one that does not (RFC 3261 §19.1.4). NULL: out of memory. */
const char *request_uri(su_home_t *home, const url_t *url);
/* `source` unescaped (if asked for), as UTF-8 without control characters, at most `size` - 1
 * bytes of it; what is not is "?". */
void text_clean(char *text, size_t size, const char *source, bool unescape);

/* auth.c: Digest (RFC 3261 §22) */
int auth_create(struct sip_agent *agent, const struct sip_config *config);
void auth_destroy(struct sip_agent *agent);
/* The realm of our challenges. */
const char *auth_realm(const struct sip_agent *agent);
/* Whether it came directly from a proxy that we trust (RFC 3325). */
bool peer_is_trusted(const struct incoming *in);
/* ENOENT when `user` is nobody's name; other errors are the policy's. `peer`: who wants to prove
 * it, as in struct caller; NULL: nobody. */
int account_find(const struct sip_agent *agent, const char *user, const char *peer,
                 struct account *account);
/* The Authorization for our realm; NULL: none. */
const sip_authorization_t *authorization_find(const struct incoming *in);
/* Whose password it proves, and the account. False: it proves none, the request was refused. */
bool authorization_verify(struct incoming *in, const sip_authorization_t *authorization,
                          const char **userp, struct account *account);
/* Refuses with 401; `account` NULL: offers all algorithms. Returns false. */
bool authorization_ask(struct incoming *in, const struct account *account, bool is_stale);
/* The WWW-Authenticate of a 401, on `home`. NULL: out of memory. */
sip_www_authenticate_t *challenge_make(const struct incoming *in, su_home_t *home);

/* identity.c */
/* Whether names at that host are ours to give. `tport`: what the request came by. */
bool host_is_ours(const struct sip_agent *agent, const tport_t *tport, const char *host);
/* For every request whose sender no dialog knows: fills in->caller. False: credentials were wrong,
 * or missing where one of our names was used, and the request was refused. */
bool identify(struct incoming *in);
/* The same for a request that is wanted from within a dialog as well: within a call it is whoever
 * that call is with, however that was proven, unless it proves more by itself; outside of one it is
 * whoever sends it, each time anew. `dialog` NULL: it is in none, and has been identified. */
bool identify_in_dialog(struct incoming *in, const struct dialog *dialog);

#endif
