/*
 * Opus (RFC 6716; RFC 7587 for RTP and SDP), by libopus.
 *
 * Everything is mono, at 48000 Hz: a stereo sender is mixed down by the decoder. What we send
 * follows the peer's fmtp, up to the rate that RFC 7587 §3.1.1 calls right for speech, or in full
 * band, as a mix is more than speech, the least for music.
 */
#include "media/codec_table.h"
#include "media/level.h"

#include <opus.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    RATE = 48000,
    /*
     * With 48 kbit/s, the least that keeps each of three talkers' tones within half a dB (in every
     * 100 ms, without redundancy). At 36 and at 48 kbit/s, the worst level error, SINAD, and the
     * time of a frame on one machine:
     *
     *      3   3.2 dB  19.0 dB  145 µs   1.1 dB  21.6 dB  150 µs
     *      4   1.0 dB  21.5 dB  165 µs   0.4 dB  26.2 dB  190 µs
     *      6   1.0 dB  22.7 dB  230 µs   0.2 dB  27.4 dB  250 µs
     *     10   0.5 dB  23.6 dB  365 µs
     *
     * From 6 on, what the redundancy recovers is much less like what was lost.
     */
    COMPLEXITY = 4,
    /* Per cent that redundancy is made for, when the peer wants it at all (useinbandfec=1). */
    EXPECTED_LOSS = 10, /* with less, libopus would rather save it */
    DTX_SIZE = 2, /* RFC 7587 §3.1.3: so short a packet says that nothing follows for a while */
    QUIET_BEFORE = 5, /* quiet frames that are sent before nothing is: the end of a fade */
    BIT_RATE_MIN = 6000,
};

/* ---- tuning: bits 0–2 the bandwidth, 3 FEC, 4 DTX, 5 constant bit rate, from 8 the bit rate ----
 */

enum { TUNING_FEC = 1 << 3, TUNING_DTX = 1 << 4, TUNING_CBR = 1 << 5, TUNING_RATE_SHIFT = 8 };

static const struct bandwidth {
    unsigned playback_rate; /* Hz; a peer that plays no more gets no more (§6.1) */
    int bandwidth;
    unsigned bit_rate; /* §3.1.1: for speech; in full band for music */
} bandwidths[] = {
    {8000, OPUS_BANDWIDTH_NARROWBAND, 12000}, {12000, OPUS_BANDWIDTH_MEDIUMBAND, 16000},
    {16000, OPUS_BANDWIDTH_WIDEBAND, 20000},  {24000, OPUS_BANDWIDTH_SUPERWIDEBAND, 28000},
    {48000, OPUS_BANDWIDTH_FULLBAND, 48000},
};

/* The peer's limit goes down to one of these, so that few encoders serve many limits. */
static const unsigned bit_rates[] = {48000, 40000, 36000, 28000, 24000,
                                     20000, 16000, 12000, 9000,  BIT_RATE_MIN};

enum {
    BANDWIDTHS = sizeof bandwidths / sizeof *bandwidths,
    BIT_RATES = sizeof bit_rates / sizeof *bit_rates,
};

/* The number of parameter `name` in "name=number;name=number"; `otherwise` when it has none. */
static unsigned parameter(const char *fmtp, const char *name, unsigned otherwise)
{
    size_t length = strlen(name);
    while (*fmtp != '\0') {
        fmtp += strspn(fmtp, " \t;");
        if (strncasecmp(fmtp, name, length) == 0) {
            const char *value = fmtp + length + strspn(fmtp + length, " \t");
            if (*value == '=') {
                char *end;
                value += 1 + strspn(value + 1, " \t");
                unsigned long number = strtoul(value, &end, 10);
                bool is_number = *value >= '0' && *value <= '9' && *end != '.';
                return is_number && number <= 1000000 ? (unsigned)number : otherwise;
            }
        }
        fmtp += strcspn(fmtp, ";");
    }
    return otherwise;
}

static uint32_t encoder_tuning(const char *fmtp)
{
    unsigned playback = parameter(fmtp, "maxplaybackrate", RATE), band = 0, step = 0;
    unsigned most = parameter(fmtp, "maxaveragebitrate", bit_rates[0]);

    while (band + 1 < BANDWIDTHS && bandwidths[band].playback_rate < playback) {
        band++;
    }
    most = most < bandwidths[band].bit_rate ? most : bandwidths[band].bit_rate;
    while (step + 1 < BIT_RATES && bit_rates[step] > most) {
        step++;
    }
    return band | bit_rates[step] << TUNING_RATE_SHIFT |
           (parameter(fmtp, "useinbandfec", 0) == 1 ? TUNING_FEC : 0u) |
           (parameter(fmtp, "usedtx", 0) == 1 ? TUNING_DTX : 0u) |
           (parameter(fmtp, "cbr", 0) == 1 ? TUNING_CBR : 0u);
}

/* ---- encoding ---- */

/* What libopus takes for no voice may be music: it may be silent in silence only. */
struct encoder {
    OpusEncoder *opus;
    bool dtx;       /* the peer likes it */
    unsigned quiet; /* frames in a row */
};

static const float quiet_power = 3e-7F; /* -65 dBov */

static void encoder_destroy(void *state)
{
    struct encoder *encoder = state;

    opus_encoder_destroy(encoder->opus);
    free(encoder);
}

static void *encoder_create(void)
{
    struct encoder *encoder = calloc(1, sizeof *encoder);

    if (encoder != NULL) {
        encoder->opus = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, NULL);
        if (encoder->opus == NULL) {
            free(encoder);
            return NULL;
        }
    }
    return encoder;
}

static void encoder_begin(void *state, uint32_t tuning)
{
    struct encoder *encoder = state;
    OpusEncoder *opus = encoder->opus;
    bool fec = (tuning & TUNING_FEC) != 0;

    encoder->dtx = (tuning & TUNING_DTX) != 0;
    encoder->quiet = 0;
    (void)opus_encoder_ctl(opus, OPUS_RESET_STATE);
    (void)opus_encoder_ctl(opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
    (void)opus_encoder_ctl(opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    (void)opus_encoder_ctl(opus, OPUS_SET_MAX_BANDWIDTH(bandwidths[tuning & 7].bandwidth));
    (void)opus_encoder_ctl(opus, OPUS_SET_BITRATE((opus_int32)(tuning >> TUNING_RATE_SHIFT)));
    (void)opus_encoder_ctl(opus, OPUS_SET_INBAND_FEC(fec));
    (void)opus_encoder_ctl(opus, OPUS_SET_PACKET_LOSS_PERC(fec ? EXPECTED_LOSS : 0));
    (void)opus_encoder_ctl(opus, OPUS_SET_DTX(0));
    (void)opus_encoder_ctl(opus, OPUS_SET_VBR((tuning & TUNING_CBR) == 0));
}

static int encode(void *state, const float *samples, unsigned count, uint8_t *payload, size_t size)
{
    struct encoder *encoder = state;
    int written;

    if (encoder->dtx) {
        encoder->quiet = level_power(samples, count) < quiet_power ? encoder->quiet + 1 : 0;
        (void)opus_encoder_ctl(encoder->opus, OPUS_SET_DTX(encoder->quiet > QUIET_BEFORE));
    }
    written = opus_encode_float(encoder->opus, samples, (int)count, payload, (opus_int32)size);
    if (written < 0) {
        return -1;
    }
    return written > DTX_SIZE ? written : 0;
}

/* ---- decoding ---- */

static void *decoder_create(void)
{
    return opus_decoder_create(RATE, 1, NULL);
}

static void decoder_destroy(void *decoder)
{
    opus_decoder_destroy(decoder);
}

static int length(const uint8_t *payload, size_t size)
{
    return opus_packet_get_nb_samples(payload, (opus_int32)size, RATE);
}

static int decode(void *decoder, const uint8_t *payload, size_t size, float *samples, unsigned max)
{
    int count = opus_decode_float(decoder, payload, (opus_int32)size, samples, (int)max, 0);
    return count >= 0 ? count : -1;
}

static int conceal(void *decoder, float *samples, unsigned count)
{
    return opus_decode_float(decoder, NULL, 0, samples, (int)count, 0);
}

static int recover(void *decoder, const uint8_t *payload, size_t size, float *samples,
                   unsigned count)
{
    return opus_decode_float(decoder, payload, (opus_int32)size, samples, (int)count, 1);
}

static bool is_silence(const uint8_t *payload, size_t size)
{
    (void)payload;
    return size <= DTX_SIZE;
}

/* The first bits of the speech layer are a flag for each 20 ms or less of it: voice or not (RFC
 * 6716 §4.2.3). Packets of more than one frame, and what has no speech layer, may be anything. */
static bool is_background(const uint8_t *payload, size_t size)
{
    static const unsigned flags[] = {1, 1, 2, 3}; /* 10, 20, 40, 60 ms */
    unsigned config = payload[0] >> 3, frames = payload[0] & 3;

    if (size < 2 || frames != 0 || config >= 16) {
        return false;
    }
    return payload[1] >> (8 - (config < 12 ? flags[config & 3] : 1)) == 0;
}

/* We like to have redundancy, and from those who are silent, nothing. */
const struct codec codec_opus = {
    .format = {.name = "opus",
               .clock_rate = RATE,
               .channels = 2,
               .payload_type = 96,
               .fmtp = "useinbandfec=1;usedtx=1"},
    .sample_rate = RATE,
    .grain = RATE / 400,
    .encoder_create = encoder_create,
    .encoder_tuning = encoder_tuning,
    .encoder_begin = encoder_begin,
    .encoder_destroy = encoder_destroy,
    .decoder_create = decoder_create,
    .decoder_destroy = decoder_destroy,
    .encode = encode,
    .length = length,
    .decode = decode,
    .conceal = conceal,
    .recover = recover,
    .is_silence = is_silence,
    .is_background = is_background,
};
