/*
 * Session descriptions (RFC 8866) and offer/answer (RFC 3264) for one audio stream.
 *
 * Used inside the sip room by whatever carries a body. Pure functions on plain data: no I/O, no
 * clock, any thread.
 *
 * Of an offer with many m-lines the first audio one over RTP/AVP or RTP/AVPF that has a codec in
 * common with us is ours; every other gets port 0 in the answer, in the order of the offer. A call
 * may also go on without any: then the session has no formats and is inactive.
 */
#ifndef SIP_SDP_H
#define SIP_SDP_H

#include "ports/session.h"

#include <stddef.h>

enum {
    SDP_SIZE = 65536, /* bytes of a body */
    SDP_LINES = 2048, /* lines of a body */
    SDP_STREAMS = 32, /* m-lines of a body */
};

struct sdp;

/* Reads a body as it came from the network; lines may end in CRLF or LF. What is broken in a
 * single payload type, attribute or bandwidth line costs just that; what is broken in v=, o=, c=,
 * t= or m= costs the whole.
 * 0; EBADMSG: not a session description, or past a limit above; ENOMEM. */
int sdp_parse(const char *body, size_t size, struct sdp **sdpp);
/* NULL is harmless. */
void sdp_free(struct sdp *sdp);

/* telephone-event and comfort noise go along with a codec, they cannot stand alone. */
bool sdp_is_codec(const struct codec_format *format);

/* What payload types have meant in a dialog: that never changes (RFC 3264 §8.3.2). */
struct sdp_numbers {
    const struct codec_format *codecs; /* that can be told apart */
    unsigned codec_count;
    uint8_t meanings[128]; /* of each number: 0: none yet; a codec's index + 1; or another one */
};
/* Notes what a description of the peer's says. */
void sdp_numbers_learn(struct sdp_numbers *numbers, const struct sdp *sdp);

/* What we bring to an offer or an answer. */
struct sdp_local {
    uint64_t session_id; /* o= line: the same for the whole dialog */
    uint64_t version;    /* o= line: the caller raises it whenever the body has changed */
    struct media_address media;
    const char *subject; /* s= line; NULL or "": "-" */
    struct session_about about;
    enum stream_direction direction;   /* what we are willing to do */
    const struct codec_format *codecs; /* best first; fmtp is what we say of ourselves */
    unsigned codec_count;
    const struct sdp_numbers *numbers; /* before the peer's latest description; NULL: none */
    bool reorders;       /* a later offer is in our order, not in that of the dialog so far */
    bool may_do_without; /* the peer may switch its audio off, or not take what we offer */
};

/* Whether sdp_write_answer would succeed; if not, 488. While the family of local->media.rtp is
 * AF_UNSPEC (no socket yet) both address families are fine. */
bool sdp_acceptable(const struct sdp *offer, const struct sdp_local *local);

/* AF_INET or AF_INET6 of the first audio m-line that is not switched off (port 0), AF_UNSPEC when
 * there is none or it has no c= line. */
int sdp_family(const struct sdp *sdp);

/* The answer to `offer`, and what it comes to. *bodyp is a string to be freed with free().
 * 0; EINVAL: local->media has no address; ENOTSUP: not acceptable; ENOMEM. */
int sdp_write_answer(const struct sdp_local *local, const struct sdp *offer, char **bodyp,
                     struct session *session);

/* An offer of one audio stream. 0; EINVAL: local->media has no address; ENOMEM. */
int sdp_write_offer(const struct sdp_local *local, char **bodyp);

/* An offer inside a running dialog, when `last` is the peer's latest description in it: no m-line
 * goes away, our stream is in its place, payload types are as they were (RFC 3264 §8). When the
 * dialog is without audio, it is offered again if `adds`, in place of the stream that was switched
 * off or below the others (§8.1). Errors as sdp_write_offer. */
int sdp_write_offer_again(const struct sdp_local *local, const struct sdp *last, bool adds,
                          char **bodyp);

/* What we can, for the answer to an OPTIONS: port 0 (RFC 3264 §9). NULL: out of memory. */
char *sdp_write_capabilities(const struct sdp_local *local);

/* What the peer made of our offer, which was written from the same `local`.
 * 0; ENOTSUP: it answered with nothing that we offered, or refused the stream that we need. */
int sdp_read_answer(const struct sdp_local *local, const struct sdp *answer,
                    struct session *session);

#endif
