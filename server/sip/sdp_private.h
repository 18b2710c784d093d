/* A session description taken apart; shared by sdp_*.c only. */
#ifndef SIP_SDP_PRIVATE_H
#define SIP_SDP_PRIVATE_H

#include "sip/sdp.h"

#include <stdio.h>

#define SDP_LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define SDP_EACH_URI "urn:ietf:params:rtp-hdrext:csrc-audio-level"

/* A c= line, or the address of an a=rtcp line. */
struct sdp_address {
    int family;                   /* AF_UNSPEC: there was no such line */
    bool literal;                 /* false: a host name, which we do not look up */
    struct sockaddr_storage host; /* port 0; valid if literal */
};

/* a=rtcp-xr (RFC 3611 §5.1), as far as we have use for it. */
struct sdp_xr {
    bool voip_metrics; /* whoever says so wants to be told */
    bool rcvr_rtt;     /* "all": who only receives may ask for the round trip */
};

/* An a=extmap line (RFC 8285 §5). */
struct sdp_extension {
    uint8_t id;                      /* 0: there was none */
    enum stream_direction direction; /* as seen from whose description it is */
    bool without_vad;                /* RFC 6464 §4 */
};

/* Those that we know. */
struct sdp_extensions {
    struct sdp_extension level; /* RFC 6464 */
    struct sdp_extension each;  /* RFC 6465: the levels of those in a mix */
};

struct sdp_stream {
    char media[32];                  /* "audio" */
    char protocol[48];               /* "RTP/AVP" */
    char fallback[64];               /* first format as it stood there, for a refusal */
    uint16_t port;                   /* 0: refused, or switched off */
    struct sdp_address connection;   /* its own or the session's */
    enum stream_direction direction; /* as seen from the peer, as written */
    unsigned ptime, maxptime;        /* ms; 0: not said */
    bool rtcp_mux;
    struct sdp_xr xr;   /* its own or the session's */
    uint16_t rtcp_port; /* 0: not said */
    struct sdp_address rtcp;
    struct sdp_extensions extensions; /* its own or the session's */
    /* Payload types in the order of the m-line; no name: dynamic and without a usable rtpmap. */
    unsigned format_count;
    struct codec_format formats[SESSION_FORMATS];
};

struct sdp {
    struct sdp_address connection;
    enum stream_direction direction;
    struct sdp_xr xr;
    struct sdp_extensions extensions;
    uint64_t start, stop; /* t= line, which an answer repeats (RFC 3264 §6) */
    unsigned stream_count;
    struct sdp_stream *streams;
};

/* One m-line with its attributes, to be written. */
struct sdp_lines {
    const char *protocol;
    bool refused; /* port 0, though the formats are told: capabilities */
    const struct media_address *media;
    enum stream_direction direction; /* as seen from us */
    bool rtcp_mux;
    struct sdp_xr xr;
    struct sdp_extensions extensions;
    const struct codec_format *formats; /* in this order, with our fmtp */
    unsigned format_count;
};

/* A body being written. Running out of memory shows in sdp_text_finish. */
struct sdp_text {
    FILE *file;
    char *body;
    size_t size;
};

int sdp_text_begin(struct sdp_text *text);
void sdp_text_session(struct sdp_text *text, const struct sdp_local *local, uint64_t start,
                      uint64_t stop);
void sdp_text_audio(struct sdp_text *text, const struct sdp_lines *lines);
/* The peer's m-line with port 0 (RFC 3264 §6). */
void sdp_text_refusal(struct sdp_text *text, const struct sdp_stream *stream);
/* 0, ENOMEM. */
int sdp_text_finish(struct sdp_text *text, char **bodyp);

/* The index of the stream that is ours: the first that we can talk on, given `local`; -1: none. */
int sdp_find_stream(const struct sdp *sdp, const struct sdp_local *local);
bool sdp_is_audio(const struct sdp_stream *stream);
/* The formats of `stream` that `local` has too, in the stream's order and by its payload types.
 * `theirs` gets the stream's fmtp, `ours` that of `local`; both have room for SESSION_FORMATS.
 * Returns their number; 0 when there is no audio codec among them. */
unsigned sdp_common_formats(const struct sdp_stream *stream, const struct sdp_local *local,
                            struct codec_format *theirs, struct codec_format *ours);
/* What we make of extensions in the peer's description, as ours has them. */
struct sdp_extensions sdp_agree_extensions(const struct sdp_extensions *theirs);
bool sdp_same_format(const struct codec_format *one, const struct codec_format *other);

#endif
