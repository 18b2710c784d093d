/*
 * Inside the sip room: focuses that are participants of each other's conferences (RFC 4353 §4.5).
 * RFC 4575 §5.6.5 has words for the roster, but none that would tell two focuses of a loop; so a
 * header of our own lists the conferences that come with a call, by ids that nobody can guess and
 * that say nothing else:
 *
 *     Conference-Cascade: 3f9c01aa52d01b77, 77aa0e94c3b25d10
 *
 * Focus thread.
 */
#ifndef SIP_CASCADE_H
#define SIP_CASCADE_H

#include "sip/call.h"

enum { CASCADE_HEADER = CASCADE_TEXT + 32 };

/* Takes what an INVITE of the peer's, or its 2xx to ours, says: whether it is a focus, and of which
 * conferences. Returns whether it says something else than before. */
bool cascade_learn(struct call *call, const sip_t *sip);
/* The header for ours, in `header`; NULL: there is none. `terms` may be NULL. */
const char *cascade_header(const struct terms *terms, char header[CASCADE_HEADER]);

#endif
