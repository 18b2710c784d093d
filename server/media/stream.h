/*
 * A session in the words of the media thread: what each payload type is, with its decoder, and
 * what to send. What is heard is decoded, measured and enhanced at the rate of its own codec, and
 * then brought to the rate of what we send, at which the leg is mixed.
 *
 * Made on the focus thread, used by one media thread without being changed (but for the codecs'
 * states), given back and freed on the focus thread.
 */
#ifndef MEDIA_STREAM_H
#define MEDIA_STREAM_H

#include "media/codec.h"
#include "media/resampler.h"

enum stream_kind {
    STREAM_AUDIO,
    STREAM_NOISE, /* CN (RFC 3389) */
    STREAM_EVENT, /* telephone-event (RFC 4733) */
};

struct stream_format {
    enum stream_kind kind;
    bool is_former; /* agreed on before, and no more */
    uint32_t clock_rate;
    const struct codec *codec;   /* of STREAM_AUDIO */
    void *decoder;               /* NULL when stateless */
    struct resampler *resampler; /* to the rate of what we send; NULL: it has that rate */
};

struct stream {
    /* What each tick looks at comes first. */
    enum stream_direction direction;
    bool muxed;                     /* RTCP goes by the RTP socket (RFC 5761) */
    bool xr_metrics, xr_round_trip; /* as in struct session */
    uint8_t payload_type;           /* of what we send */
    uint32_t clock_rate;            /* the same */
    unsigned ptime;                 /* ms of audio in our packets */
    const struct codec *codec;      /* we send it; NULL: nothing to send */
    uint32_t tuning;                /* of its encoder */
    struct session_levels levels;
    unsigned format_count;
    int8_t by_type[128]; /* index of the format, -1: unknown */
    struct stream_format formats[SESSION_FORMATS];
    struct sockaddr_storage remote_rtp, remote_rtcp; /* family 0: not known */
    struct sockaddr_storage peer;                    /* the same; of the signalling */
    uint8_t *packet; /* PAYLOAD_MAX, for frames that are joined or cut; NULL: ptime is FRAME_MS */
};

/* Unknown codecs are left out, and so is an address of another family than the leg's. ENOMEM. */
int stream_create(const struct session *session, int family, struct stream **streamp);
void stream_destroy(struct stream *stream); /* NULL is fine */
/* What the peer may go on sending until it has heard of the change: what `before` agreed on (RFC
 * 3264 §8.3.2). Focus thread. ENOMEM. */
int stream_add_former(struct stream *stream, const struct stream *before);
/* Exchanges what goes on over the change, of which the peer knows nothing: the decoders of codecs
 * that both have, and the audio that waits to be sent. */
void stream_inherit(struct stream *stream, struct stream *before);

/* The format of a payload type; NULL: not agreed on. */
const struct stream_format *stream_format_of(const struct stream *stream, uint8_t payload_type);
/* The first audio format of the codec (NULL: of any); NULL: there is none. */
const struct stream_format *stream_find_audio(const struct stream *stream,
                                              const struct codec *codec);

#endif
