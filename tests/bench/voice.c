#include "voice.h"

#include <math.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <spandsp/telephony.h> /* what spandsp's other headers need */

#include <spandsp/g722.h>

enum { FRAME_MAX = 960 };

static const struct voice_codec codecs[] = {
    {"pcmu", "PCMU/8000", NULL, 0, 160, 0},
    {"g722", "G722/8000", NULL, 9, 160, 16000},
    {"opus", "opus/48000/2", "useinbandfec=1", 111, 960, 48000},
};

const struct voice_codec *voice_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
        if (strcasecmp(codecs[i].name, name) == 0)
            return &codecs[i];
    return NULL;
}

static bool is_opus(const struct voice_codec *codec)
{
    return codec->rate == 48000;
}

static void *encoder_create(const struct voice_codec *codec)
{
    if (!is_opus(codec))
        return g722_encode_init(NULL, 64000, 0);
    return opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, NULL);
}

static void encoder_destroy(const struct voice_codec *codec, void *encoder)
{
    if (is_opus(codec))
        opus_encoder_destroy(encoder);
    else
        (void)g722_encode_free(encoder);
}

static void encode(const struct voice_codec *codec, void *encoder, const float *samples,
                   struct voice_packet *packet)
{
    int16_t linear[FRAME_MAX];
    unsigned count = codec->rate / 50;
    int size;

    for (unsigned i = 0; i < count; i++)
        linear[i] = (int16_t)lrintf(samples[i] * 32767);
    size = is_opus(codec)
               ? opus_encode(encoder, linear, (int)count, packet->data, sizeof(packet->data))
               : g722_encode(encoder, packet->data, linear, (int)count);
    packet->size = size > 0 ? (size_t)size : 0;
}

/* A second of the score; twice, so that the end leads to the beginning. */
static bool code_second(const struct voice_codec *codec, struct voice_packet packets[SCORE_PACKETS],
                        unsigned first, unsigned end, unsigned frequency, float amplitude,
                        float noise)
{
    void *encoder = encoder_create(codec);
    unsigned count = codec->rate / 50;
    uint32_t state = 1;

    if (encoder == NULL)
        return false;
    for (unsigned at = 0; at < 2 * SCORE_PACKETS; at++) {
        unsigned place = at % SCORE_PACKETS;
        float samples[FRAME_MAX] = {0};

        for (unsigned i = 0; i < count; i++) {
            double turn = (double)((place * count + i) * frequency % codec->rate) / codec->rate;

            state = state * 1664525U + 1013904223U;
            samples[i] = noise * ((float)(state >> 8) / (float)(1U << 23) - 1.0F);
            if (place >= first && place < end)
                samples[i] += amplitude * (float)cos(2.0 * M_PI * turn);
        }
        encode(codec, encoder, samples, &packets[place]);
    }
    encoder_destroy(codec, encoder);
    return true;
}

static bool fill(struct voice *voice, const unsigned *frequencies, unsigned talkers,
                 float amplitude, float noise)
{
    const struct voice_codec *codec = voice->codec;

    for (unsigned i = 0; i < talkers; i++)
        if (!code_second(codec, voice->talk[i][0], SCORE_OTHERS, SCORE_HUSH, frequencies[i],
                         amplitude, 0) ||
            !code_second(codec, voice->talk[i][1], 0, SCORE_HUSH, frequencies[i], amplitude, 0))
            return false;
    voice->pause.size = 1;
    return code_second(codec, voice->silence, 0, 0, 0, 0, 0) &&
           code_second(codec, voice->noise, 0, 0, 0, 0, noise * sqrtf(3.0F));
}

struct voice *voice_create(const struct voice_codec *codec, const unsigned *frequencies,
                           unsigned talkers, float amplitude, float noise)
{
    struct voice *voice = calloc(1, sizeof(*voice));

    if (voice == NULL)
        return NULL;
    voice->codec = codec;
    if (!fill(voice, frequencies, talkers, amplitude, noise)) {
        voice_destroy(voice);
        return NULL;
    }
    voice->pause.data[0] = (uint8_t)(voice->silence[0].data[0] & 0xf8); /* one empty frame */
    for (unsigned i = 0; i < VOICE_EARS; i++) {
        voice->decoders[i] = is_opus(codec)
                                 ? (void *)opus_decoder_create(8000, 1, NULL)
                                 : (void *)g722_decode_init(NULL, 64000, G722_SAMPLE_RATE_8000);
        if (voice->decoders[i] == NULL) {
            voice_destroy(voice);
            return NULL;
        }
    }
    return voice;
}

void voice_destroy(struct voice *voice)
{
    for (unsigned i = 0; voice != NULL && i < VOICE_EARS && voice->decoders[i] != NULL; i++) {
        if (is_opus(voice->codec))
            opus_decoder_destroy(voice->decoders[i]);
        else
            (void)g722_decode_free(voice->decoders[i]);
    }
    free(voice);
}

bool voice_hear(struct voice *voice, unsigned ear, const uint8_t *payload, size_t size,
                uint8_t ulaw[PACKET_SAMPLES])
{
    int16_t linear[2 * VOICE_BYTES];
    int count = -1;

    if (size > VOICE_BYTES)
        return false;
    if (is_opus(voice->codec))
        count =
            opus_decode(voice->decoders[ear], payload, (opus_int32)size, linear, PACKET_SAMPLES, 0);
    else
        count = g722_decode(voice->decoders[ear], linear, payload, (int)size);
    for (int i = 0; count == PACKET_SAMPLES && i < count; i++)
        ulaw[i] = ulaw_encode((float)linear[i] / 32768.0F);
    return count == PACKET_SAMPLES;
}
