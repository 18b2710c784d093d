#include "media/stream.h"

#include "core/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Packets of this length are put together from, or cut out of, frames of FRAME_MS. */
static const unsigned PACKET_LENGTHS[] = {10, 20, 30, 40, 60};

/* 0.0.0.0 is an old way to say hold (RFC 3264 §8.4); for the kernel it would be this machine. A
 * group would have the audio, whether its members want it or not. */
static struct sockaddr_storage usable_address(const struct sockaddr_storage *address, int family)
{
    struct sockaddr_storage none;

    memset(&none, 0, sizeof none);
    if (address->ss_family != family || address_port(address) == 0 ||
        address_is_unspecified(address) || address_is_group(address)) {
        return none;
    }
    return *address;
}

/* The peer's wish when we can follow it. Frames of a codec with state cannot be cut or joined, it
 * gets one frame a packet; of one without, no sample takes more than two bytes. */
static unsigned packet_length(unsigned wish, const struct codec *codec)
{
    if (codec != NULL && codec->stateless && wish <= PAYLOAD_MAX &&
        wish * (codec->sample_rate / 1000) * 2 <= PAYLOAD_MAX) {
        for (unsigned i = 0; i < sizeof PACKET_LENGTHS / sizeof PACKET_LENGTHS[0]; i++) {
            if (PACKET_LENGTHS[i] == wish) {
                return wish;
            }
        }
    }
    return FRAME_MS;
}

static void format_clear(struct stream_format *format)
{
    if (format->decoder != NULL) {
        format->codec->decoder_destroy(format->decoder);
    }
    resampler_destroy(format->resampler);
}

/* `rate`: of what we send. */
static int add_audio(struct stream_format *format, const struct codec *codec, unsigned rate)
{
    if (codec->decoder_create != NULL) {
        format->decoder = codec->decoder_create();
        if (format->decoder == NULL) {
            return ENOMEM;
        }
    }
    if (codec->sample_rate != rate) {
        format->resampler = resampler_create(codec->sample_rate, rate);
        if (format->resampler == NULL) {
            format_clear(format);
            return ENOMEM;
        }
    }
    return 0;
}

/* The format of the codec; -1: there is none. */
static int find_codec(const struct stream *stream, const struct codec *codec)
{
    for (unsigned i = 0; i < stream->format_count; i++) {
        if (stream->formats[i].codec == codec) {
            return (int)i;
        }
    }
    return -1;
}

/* A payload type and what it means, of which kind, clock rate, codec and is_former are set. */
static int add_type(struct stream *stream, unsigned type, struct stream_format format)
{
    int same = format.codec != NULL ? find_codec(stream, format.codec) : -1;
    int err = 0;

    if (stream->by_type[type] >= 0) {
        return 0;
    }
    if (same >= 0) {
        /* One codec under two numbers is one stream, with one decoder. */
        stream->by_type[type] = (int8_t)same;
        return 0;
    }
    if (stream->format_count == SESSION_FORMATS) {
        return 0;
    }
    if (format.codec != NULL) {
        err = add_audio(&format, format.codec,
                        stream->codec != NULL ? stream->codec->sample_rate
                                              : format.codec->sample_rate);
    }
    if (err == 0) {
        stream->by_type[type] = (int8_t)stream->format_count;
        stream->formats[stream->format_count++] = format;
    }
    return err;
}

static int add_format(struct stream *stream, const struct codec_format *from)
{
    struct stream_format format = {.clock_rate = from->clock_rate, .codec = codec_find(from)};

    if (from->payload_type > 127 || from->clock_rate < 1000) {
        return 0;
    }
    if (format.codec != NULL) {
        format.kind = STREAM_AUDIO;
    } else if (strcasecmp(from->name, "telephone-event") == 0) {
        format.kind = STREAM_EVENT;
    } else if (strcasecmp(from->name, "CN") == 0) {
        format.kind = STREAM_NOISE;
    } else {
        return 0;
    }
    return add_type(stream, from->payload_type, format);
}

int stream_add_former(struct stream *stream, const struct stream *before)
{
    int err = 0;

    for (unsigned type = 0; err == 0 && type < 128; type++) {
        const struct stream_format *former = stream_format_of(before, (uint8_t)type);

        if (former != NULL && !former->is_former) {
            err = add_type(stream, type,
                           (struct stream_format){.kind = former->kind,
                                                  .clock_rate = former->clock_rate,
                                                  .codec = former->codec,
                                                  .is_former = true});
        }
    }
    return err;
}

static void set_sender(struct stream *stream, const struct session *session)
{
    const struct codec *codec = codec_find(&session->codec);

    if (codec == NULL || session->codec.payload_type > 127) {
        return;
    }
    stream->codec = codec;
    stream->payload_type = session->codec.payload_type;
    stream->clock_rate = session->codec.clock_rate;
    if (codec->encoder_tuning != NULL) {
        stream->tuning = codec->encoder_tuning(session->codec.fmtp);
    }
}

int stream_create(const struct session *session, int family, struct stream **streamp)
{
    unsigned count =
        session->format_count < SESSION_FORMATS ? session->format_count : SESSION_FORMATS;
    struct stream *stream = calloc(1, sizeof *stream);
    int err = 0;

    if (stream == NULL) {
        return ENOMEM;
    }
    memset(stream->by_type, -1, sizeof stream->by_type);
    stream->direction = session->direction;
    stream->remote_rtp = usable_address(&session->remote_rtp, family);
    stream->remote_rtcp = usable_address(&session->remote_rtcp, family);
    stream->peer = session->peer;
    stream->xr_metrics = session->xr_metrics;
    stream->xr_round_trip = session->xr_round_trip;
    stream->levels = session->levels;
    stream->muxed = stream->remote_rtp.ss_family != 0 &&
                    address_equal(&stream->remote_rtp, &stream->remote_rtcp);
    set_sender(stream, session);
    stream->ptime = packet_length(session->ptime, stream->codec);
    if (stream->ptime != FRAME_MS) {
        stream->packet = malloc(PAYLOAD_MAX);
        err = stream->packet != NULL ? 0 : ENOMEM;
    }
    for (unsigned i = 0; err == 0 && i < count; i++) {
        err = add_format(stream, &session->formats[i]);
    }
    if (err != 0) {
        stream_destroy(stream);
        return err;
    }
    *streamp = stream;
    return 0;
}

void stream_destroy(struct stream *stream)
{
    if (stream == NULL) {
        return;
    }
    for (unsigned i = 0; i < stream->format_count; i++) {
        format_clear(&stream->formats[i]);
    }
    free(stream->packet);
    free(stream);
}

void stream_inherit(struct stream *stream, struct stream *before)
{
    if (stream->packet != NULL && before->packet != NULL) {
        uint8_t *packet = before->packet;

        before->packet = stream->packet;
        stream->packet = packet;
    }
    for (unsigned i = 0; i < stream->format_count; i++) {
        struct stream_format *format = &stream->formats[i];
        int same = format->decoder != NULL ? find_codec(before, format->codec) : -1;

        if (same >= 0) {
            void *decoder = before->formats[same].decoder;

            before->formats[same].decoder = format->decoder;
            format->decoder = decoder;
        }
    }
}

const struct stream_format *stream_format_of(const struct stream *stream, uint8_t payload_type)
{
    int index = payload_type < 128 ? stream->by_type[payload_type] : -1;

    return index >= 0 ? &stream->formats[index] : NULL;
}

const struct stream_format *stream_find_audio(const struct stream *stream,
                                              const struct codec *codec)
{
    for (unsigned i = 0; i < stream->format_count; i++) {
        const struct stream_format *format = &stream->formats[i];

        if (format->kind == STREAM_AUDIO && (codec == NULL || format->codec == codec)) {
            return format;
        }
    }
    return NULL;
}
