/* G722, Opus and L16: what comes through, what rubbish does, what a peer's fmtp changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <malloc.h>
#include <math.h>
#include <opus.h>
#include <string.h>

#include "media/codec.h"

enum { FRAMES = 60, SETTLED = 15 };

static const struct codec *codec_named(const char *name, unsigned clock_rate)
{
    struct codec_format format = {.clock_rate = clock_rate, .channels = 1};

    strncpy(format.name, name, sizeof(format.name) - 1);
    format.channels = strcmp(name, "opus") == 0 ? 2 : 1;
    assert_non_null(codec_find(&format));
    return codec_find(&format);
}

static unsigned frame_of(const struct codec *codec)
{
    return codec->sample_rate / 1000 * FRAME_MS;
}

/* An encoder and a decoder; the state of a stateless codec is NULL. */
struct line {
    const struct codec *codec;
    void *encoder, *decoder;
    uint8_t payload[PAYLOAD_MAX];
    int size;
    float heard[PACKET_SAMPLES_MAX];
};

static struct line line_open(const struct codec *codec, const char *fmtp)
{
    struct line line = {.codec = codec};

    if (!codec->stateless) {
        line.encoder = codec->encoder_create();
        line.decoder = codec->decoder_create();
        codec->encoder_begin(line.encoder,
                             codec->encoder_tuning != NULL ? codec->encoder_tuning(fmtp) : 0);
    }
    return line;
}

static void line_close(struct line *line)
{
    if (!line->codec->stateless) {
        line->codec->encoder_destroy(line->encoder);
        line->codec->decoder_destroy(line->decoder);
    }
}

static void say(struct line *line, double hz, double amplitude, unsigned frame)
{
    float samples[FRAME_MAX];
    unsigned count = frame_of(line->codec);

    for (unsigned i = 0; i < count; i++) {
        samples[i] = (float)(amplitude *
                             sin(2 * M_PI * hz * (frame * count + i) / line->codec->sample_rate));
    }
    line->size =
        line->codec->encode(line->encoder, samples, count, line->payload, sizeof(line->payload));
    assert_true(line->size >= 0);
}

static int hear(struct line *line)
{
    return line->codec->decode(line->decoder, line->payload, (size_t)line->size, line->heard,
                               PACKET_SAMPLES_MAX);
}

struct quality {
    double level; /* dB of the tone against what was said */
    double sinad; /* dB */
};

static struct quality measure(struct line *line, double hz, double amplitude)
{
    double sine = 0, cosine = 0, power = 0, tone;
    unsigned count = 0;

    for (unsigned frame = 0; frame < FRAMES; frame++) {
        int got;

        say(line, hz, amplitude, frame);
        got = hear(line);
        assert_int_equal(got, frame_of(line->codec));
        for (int i = 0; frame >= SETTLED && i < got; i++, count++) {
            double phase =
                2 * M_PI * hz * (frame * (unsigned)got + (unsigned)i) / line->codec->sample_rate;

            sine += line->heard[i] * sin(phase);
            cosine += line->heard[i] * cos(phase);
            power += (double)line->heard[i] * line->heard[i];
        }
    }
    tone = 2 * (sine * sine + cosine * cosine) / count / count;
    return (struct quality){
        .level = 10 * log10(tone / (amplitude * amplitude / 2)),
        .sinad = 10 * log10(tone / (power / count - tone)),
    };
}

static void a_tone_comes_through_as_good_as_the_codec_is(void **state)
{
    static const struct {
        const char *name;
        unsigned clock_rate;
        double sinad, level; /* dB; at least, off by at most */
    } expected[] = {
        {"L16", 8000, 75, 0.01}, {"L16", 16000, 75, 0.01}, {"G722", 8000, 35, 0.1},
        {"PCMU", 8000, 35, 0.1}, {"PCMA", 8000, 35, 0.1},  {"opus", 48000, 17, 0.5},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct line line =
            line_open(codec_named(expected[i].name, expected[i].clock_rate), "useinbandfec=1");
        struct quality quality = measure(&line, 1020, 0.25);

        print_message("%s/%u: SINAD %.1f dB, level %+.2f dB\n", expected[i].name,
                      expected[i].clock_rate, quality.sinad, quality.level);
        assert_true(quality.sinad > expected[i].sinad);
        assert_float_equal(quality.level, 0, expected[i].level);
        line_close(&line);
    }
}

static void g722_and_opus_carry_what_g711_cannot(void **state)
{
    static const char *const names[] = {"G722", "opus"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line line = line_open(codec_named(names[i], i == 0 ? 8000 : 48000), "");

        assert_float_equal(measure(&line, 6000, 0.25).level, 0, 1);
        line_close(&line);
    }
}

/* A packet of G722 has a byte for two samples, and the clock of the timestamps counts bytes. */
static void the_clock_and_the_samples_are_what_the_rfcs_say(void **state)
{
    const struct codec *g722 = codec_named("G722", 8000), *l16 = codec_named("L16", 16000);
    static const float samples[3] = {0.5F, -1, -1.0F / 32768};
    static const uint8_t bytes[] = {0x40, 0x00, 0x80, 0x00, 0xff, 0xff};
    uint8_t payload[PAYLOAD_MAX];
    float back[3];
    struct line line = line_open(g722, "");

    (void)state;
    say(&line, 300, 0.1, 0);
    assert_int_equal(line.size, 160);
    assert_int_equal(g722->sample_rate, 2 * g722->format.clock_rate);
    line_close(&line);
    assert_int_equal(l16->encode(NULL, samples, 3, payload, sizeof(payload)), 6);
    assert_memory_equal(payload, bytes, 6);
    assert_int_equal(l16->decode(NULL, bytes, 6, back, 3), 3);
    assert_memory_equal(back, samples, sizeof(back));
    assert_int_equal(l16->decode(NULL, bytes, 5, back, 3), -1);
    assert_int_equal(l16->decode(NULL, bytes, 6, back, 2), -1);
    assert_int_equal(l16->encode(NULL, samples, 3, payload, 5), -1);
}

static void rubbish_is_refused_or_some_sound_but_never_more_than_fits(void **state)
{
    static const char *const names[] = {"G722", "opus", "L16"};
    static const unsigned clocks[] = {8000, 48000, 16000};
    uint32_t chance = 1;

    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        struct line line = line_open(codec_named(names[k], clocks[k]), "");

        for (unsigned turn = 0; turn < 20000; turn++) {
            unsigned max = turn % 5 == 0 ? turn % 1000 : PACKET_SAMPLES_MAX;
            int got;

            chance = chance * 1664525 + 1013904223;
            line.size = (int)(1 + (chance >> 16) % (turn % 4 ? 300 : PAYLOAD_MAX - 1));
            for (int i = 0; i < line.size; i++) {
                chance = chance * 1664525 + 1013904223;
                line.payload[i] = (uint8_t)(chance >> 24);
            }
            got =
                line.codec->decode(line.decoder, line.payload, (size_t)line.size, line.heard, max);
            assert_in_range(got + 1, 0, max + 1);
            for (int i = 0; i < got; i++) {
                assert_true(isfinite(line.heard[i]));
            }
        }
        line_close(&line);
    }
}

static void encoding_and_decoding_allocate_nothing(void **state)
{
    struct line lines[2] = {line_open(codec_named("G722", 8000), ""),
                            line_open(codec_named("opus", 48000), "useinbandfec=1;usedtx=1")};
    size_t before = mallinfo2().uordblks;

    (void)state;
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        for (unsigned i = 0; i < 2; i++) {
            say(&lines[i], 700, frame % 20 < 10 ? 0.2 : 0, frame);
            assert_true(lines[i].size == 0 || hear(&lines[i]) > 0);
            lines[i].codec->encoder_begin(lines[i].encoder, frame % 30 == 0 ? 0 : 8);
        }
    }
    assert_int_equal(mallinfo2().uordblks, before);
    line_close(&lines[0]);
    line_close(&lines[1]);
}

/* ---- Opus (RFC 7587) ---- */

static unsigned bytes_of(const char *fmtp, int *bandwidthp)
{
    struct line line = line_open(codec_named("opus", 48000), fmtp);
    unsigned bytes = 0;
    int band = 0;

    for (unsigned frame = 0; frame < 100; frame++) {
        float samples[FRAME_MAX];

        for (unsigned i = 0; i < 960; i++) { /* a buzz with all harmonics up to 20 kHz */
            samples[i] = 0.3F * (float)((frame * 960 + i) % 240) / 240 - 0.15F;
        }
        line.size = line.codec->encode(line.encoder, samples, 960, line.payload, PAYLOAD_MAX);
        assert_true(line.size > 0);
        bytes += (unsigned)line.size;
        band = opus_packet_get_bandwidth(line.payload);
    }
    line_close(&line);
    if (bandwidthp != NULL) {
        *bandwidthp = band;
    }
    return bytes;
}

static void opus_sends_no_more_than_the_peer_wants(void **state)
{
    int bandwidth;

    (void)state;
    assert_in_range(bytes_of("", NULL), 2 * 3000, 2 * 5000); /* 36 kbit/s are 4500 bytes a second */
    assert_in_range(bytes_of("maxaveragebitrate=16000", NULL), 2 * 1000, 2 * 2200);
    assert_in_range(bytes_of("stereo=1; maxaveragebitrate=8000;cbr=1", NULL), 1400, 2 * 1000);
    assert_in_range(bytes_of("maxaveragebitrate=510000", NULL), 2 * 3000, 2 * 5000);
    (void)bytes_of("maxplaybackrate=8000", &bandwidth);
    assert_int_equal(bandwidth, OPUS_BANDWIDTH_NARROWBAND);
    (void)bytes_of("x=1;MaxPlaybackRate=16000;useinbandfec=1", &bandwidth);
    assert_in_range(bandwidth, OPUS_BANDWIDTH_MEDIUMBAND, OPUS_BANDWIDTH_WIDEBAND);
    (void)bytes_of("sprop-maxcapturerate=8000", &bandwidth);
    assert_int_equal(bandwidth, OPUS_BANDWIDTH_FULLBAND);
}

static void fmtps_that_mean_the_same_share_an_encoder(void **state)
{
    const struct codec *opus = codec_named("opus", 48000);
    static const char *const same[] = {
        "useinbandfec=1",
        " useinbandfec=1 ; minptime=10",
        "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
        "maxplaybackrate=48000;maxaveragebitrate=64000;useinbandfec=1;cbr=0;",
        "useinbandfec=1;maxaveragebitrate=banana",
        "useinbandfec=1;maxaveragebitrate=",
        "useinbandfec=1;maxaveragebitrate=99999999999999999999",
        ";;;useinbandfec=1;=;==;maxplaybackrate",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(opus->encoder_tuning(same[i]), opus->encoder_tuning(same[0]));
    }
    assert_int_equal(opus->encoder_tuning("maxaveragebitrate=13000"),
                     opus->encoder_tuning("maxaveragebitrate=15999"));
    assert_int_not_equal(opus->encoder_tuning(""), opus->encoder_tuning("useinbandfec=1"));
    assert_int_not_equal(opus->encoder_tuning(""), opus->encoder_tuning("usedtx=1"));
    assert_int_not_equal(opus->encoder_tuning(""), opus->encoder_tuning("cbr=1"));
    assert_int_not_equal(opus->encoder_tuning(""), opus->encoder_tuning("maxaveragebitrate=9000"));
}

static void opus_sends_nothing_in_silence_when_the_peer_likes_that(void **state)
{
    struct line line = line_open(codec_named("opus", 48000), "usedtx=1");
    unsigned sent = 0;

    (void)state;
    for (unsigned frame = 0; frame < 150; frame++) {
        say(&line, 300, 0, frame);
        sent += frame >= 50 && line.size > 0;
    }
    assert_in_range(sent, 0, 15); /* an update every 400 ms or so */
    line_close(&line);
    line = line_open(codec_named("opus", 48000), "");
    for (unsigned frame = 0; frame < 50; frame++) {
        say(&line, 300, 0, frame);
        assert_true(line.size > 0);
    }
    line_close(&line);
}

/* libopus takes it for no voice, and so would cut it. */
static void opus_sends_a_steady_sound_even_when_the_peer_likes_silence(void **state)
{
    static const char *const fmtps[] = {"usedtx=1", "usedtx=1;useinbandfec=1"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line line = line_open(codec_named("opus", 48000), fmtps[i]);

        for (unsigned frame = 0; frame < 300; frame++) {
            float samples[FRAME_MAX];

            for (unsigned k = 0; k < 960; k++) { /* a chord, as soft as -50 dBov */
                double time = (frame * 960 + k) / 48000.0;

                samples[k] =
                    0.0022F * (float)(sin(2 * M_PI * 262 * time) + sin(2 * M_PI * 330 * time) +
                                      sin(2 * M_PI * 392 * time) + sin(2 * M_PI * 523 * time));
            }
            line.size = line.codec->encode(line.encoder, samples, 960, line.payload, PAYLOAD_MAX);
            assert_true(line.size > 0);
        }
        line_close(&line);
    }
}

static void opus_from_a_stereo_sender_is_both_sides_together(void **state)
{
    OpusEncoder *encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, NULL);
    struct line line = line_open(codec_named("opus", 48000), "");
    double sine[2] = {0}, cosine[2] = {0};

    (void)state;
    (void)opus_encoder_ctl(encoder, OPUS_SET_BITRATE(128000));
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        float samples[2 * FRAME_MAX];

        for (unsigned i = 0; i < 960; i++) {
            samples[2 * i] = 0.4F * (float)sin(2 * M_PI * 500 * i / 48000);
            samples[2 * i + 1] = 0.4F * (float)sin(2 * M_PI * 900 * i / 48000);
        }
        line.size = opus_encode_float(encoder, samples, 960, line.payload, PAYLOAD_MAX);
        assert_int_equal(hear(&line), 960);
        for (unsigned i = 0; frame >= SETTLED && i < 960; i++) {
            for (unsigned k = 0; k < 2; k++) {
                double phase = 2 * M_PI * (k == 0 ? 500 : 900) * i / 48000;

                sine[k] += line.heard[i] * sin(phase);
                cosine[k] += line.heard[i] * cos(phase);
            }
        }
    }
    for (unsigned k = 0; k < 2; k++) {
        double amplitude = hypot(sine[k], cosine[k]) * 2 / ((FRAMES - SETTLED) * 960);

        assert_float_equal(20 * log10(amplitude / 0.2), 0, 0.5); /* halved, so that none clips */
    }
    opus_encoder_destroy(encoder);
    line_close(&line);
}

/* A buzz whose pitch jumps in each frame: what was in the lost one cannot be guessed. */
static void say_hopping(struct line *line, unsigned frame)
{
    static const unsigned pitches[] = {250, 410, 310, 530, 280, 470};

    say(line, pitches[frame % 6], 0.3, 0);
}

static void opus_recovers_a_lost_frame_from_the_next(void **state)
{
    double guessed = 0, recovered = 0, energy = 0;

    (void)state;
    for (unsigned with = 0; with < 2; with++) {
        struct line line = line_open(codec_named("opus", 48000), "useinbandfec=1");
        void *whole = line.codec->decoder_create();
        double *error = with ? &recovered : &guessed;

        for (unsigned frame = 0; frame < FRAMES; frame++) {
            bool lost = frame > SETTLED && frame % 5 == 0,
                 after = frame > SETTLED && frame % 5 == 1;
            float truth[2][PACKET_SAMPLES_MAX];

            memcpy(truth[0], line.heard, sizeof(truth[0]));
            say_hopping(&line, frame);
            if (after) {
                float made[FRAME_MAX];
                static float lost_truth[PACKET_SAMPLES_MAX];

                memcpy(lost_truth, truth[0], sizeof(lost_truth));
                assert_int_equal(with ? line.codec->recover(line.decoder, line.payload,
                                                            (size_t)line.size, made, 960)
                                      : line.codec->conceal(line.decoder, made, 960),
                                 960);
                for (unsigned i = 0; i < 960; i++) {
                    *error += pow(made[i] - lost_truth[i], 2);
                    energy += pow(lost_truth[i], 2) / 2;
                }
            }
            if (!lost) {
                assert_int_equal(hear(&line), 960);
            }
            assert_int_equal(line.codec->decode(whole, line.payload, (size_t)line.size, truth[1],
                                                PACKET_SAMPLES_MAX),
                             960);
            memcpy(line.heard, truth[1], sizeof(line.heard));
        }
        line.codec->decoder_destroy(whole);
        line_close(&line);
    }
    print_message("error guessed %.1f dB, recovered %.1f dB\n", 10 * log10(guessed / energy),
                  10 * log10(recovered / energy));
    assert_true(recovered < guessed / 4);
}

static void opus_knows_packets_that_say_silence(void **state)
{
    const struct codec *opus = codec_named("opus", 48000);
    static const uint8_t packet[3] = {0x78};

    (void)state;
    assert_true(opus->is_silence(packet, 1));
    assert_true(opus->is_silence(packet, 2));
    assert_false(opus->is_silence(packet, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_comes_through_as_good_as_the_codec_is),
        cmocka_unit_test(g722_and_opus_carry_what_g711_cannot),
        cmocka_unit_test(the_clock_and_the_samples_are_what_the_rfcs_say),
        cmocka_unit_test(rubbish_is_refused_or_some_sound_but_never_more_than_fits),
        cmocka_unit_test(encoding_and_decoding_allocate_nothing),
        cmocka_unit_test(opus_sends_no_more_than_the_peer_wants),
        cmocka_unit_test(fmtps_that_mean_the_same_share_an_encoder),
        cmocka_unit_test(opus_sends_nothing_in_silence_when_the_peer_likes_that),
        cmocka_unit_test(opus_sends_a_steady_sound_even_when_the_peer_likes_silence),
        cmocka_unit_test(opus_from_a_stereo_sender_is_both_sides_together),
        cmocka_unit_test(opus_recovers_a_lost_frame_from_the_next),
        cmocka_unit_test(opus_knows_packets_that_say_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
