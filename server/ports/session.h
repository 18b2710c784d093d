/*
 * What SDP offer/answer agreed on, in words that both SIP and the mixer understand.
 *
 * The sip room fills these structs, the focus carries them, the media room obeys them; that way
 * sip and media never include each other. Plain data, no ownership, any thread.
 */
#ifndef PORTS_SESSION_H
#define PORTS_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SESSION_FORMATS = 24, /* rtpmap lines kept of one m-line; the rest is ignored */
    SESSION_FMTP = 160,   /* bytes of one a=fmtp value, with its NUL; what is more is left out */
};

/* Direction of one stream as seen from Parley: a phone on hold that says a=sendonly is RECVONLY. */
enum stream_direction {
    STREAM_INACTIVE = 0,
    STREAM_SENDONLY = 1, /* bit 0: we send */
    STREAM_RECVONLY = 2, /* bit 1: we receive */
    STREAM_SENDRECV = 3,
};

enum { STREAM_DIRECTIONS = STREAM_SENDRECV + 1 };

/* As a line of an SDP says it (RFC 8866 §6.7). */
static inline const char *stream_direction_name(enum stream_direction direction)
{
    static const char *const names[STREAM_DIRECTIONS] = {
        [STREAM_INACTIVE] = "inactive",
        [STREAM_SENDONLY] = "sendonly",
        [STREAM_RECVONLY] = "recvonly",
        [STREAM_SENDRECV] = "sendrecv",
    };
    return names[direction];
}

/* The same stream as seen from the other end. */
static inline enum stream_direction stream_reversed(enum stream_direction direction)
{
    return (enum stream_direction)((direction & STREAM_SENDONLY ? STREAM_RECVONLY : 0) |
                                   (direction & STREAM_RECVONLY ? STREAM_SENDONLY : 0));
}

/* One payload format, as an a=rtpmap and a=fmtp line say it (RFC 8866 §6.6). */
struct codec_format {
    char name[24];        /* encoding name, as registered: "PCMU", "telephone-event" */
    uint32_t clock_rate;  /* Hz of the RTP timestamp */
    uint8_t channels;     /* 1 unless the rtpmap says more */
    uint8_t payload_type; /* 0–127 */
    char fmtp[SESSION_FMTP];
};

/* Where our end of a stream receives; the address stands in the c= line. */
struct media_address {
    struct sockaddr_storage rtp; /* with port, network order */
    uint16_t rtcp_port;          /* host order; 0: muxed with RTP (RFC 5761) */
};

/* Header extensions that say how loud the audio in a packet is: ids (RFC 8285); 0: not agreed on.
 */
struct session_levels {
    uint8_t in;   /* in the peer's packets, of all that is in them (RFC 6464) … */
    bool has_vad; /* … with a bit that tells whether it is a voice */
    uint8_t out;  /* the same in ours */
    uint8_t each; /* in ours, of each who is heard (RFC 6465) */
};

/* What a session description tells of a conference besides its title (RFC 8866 §5.4–5.6, §6.2).
 * NULL or "": nothing. */
struct session_about {
    const char *description; /* i= */
    const char *web;         /* u=, a URI */
    const char *email;       /* e= */
    const char *phone;       /* p=, as "+1 617 555-6011" */
    const char *keywords;    /* a=keywds:, separated by blanks */
};

/* One negotiated audio stream; without formats: there is none. */
struct session {
    struct sockaddr_storage remote_rtp;  /* port 0 or family 0: none yet, wait for a packet */
    struct sockaddr_storage remote_rtcp; /* same; equals remote_rtp when muxed */
    struct sockaddr_storage peer;        /* where the signalling comes from; family 0: not known */
    enum stream_direction direction;
    bool held;          /* the peer put the call on hold: sendonly, inactive, or c=0.0.0.0 */
    bool xr_metrics;    /* the peer wants VoIP metrics of us (RFC 3611 §5.1) */
    bool xr_round_trip; /* reference times are asked for and answered (§4.4, §4.5) */
    struct session_levels levels;
    unsigned ptime;            /* ms of audio in a packet that the peer wants; 0: no wish, use 20 */
    struct codec_format codec; /* what we send (and the peer most likely too) */
    /* All that the peer may send, the chosen one and telephone-event included. The payload types
     * are those by which the peer will mark what it sends to us. */
    unsigned format_count;
    struct codec_format formats[SESSION_FORMATS];
};

#endif
