/* The jitter buffer with codecs of another clock or with a state: Opus and G722. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "media/jitter.h"

enum { TICK_US = FRAME_MS * 1000 };

struct line {
    const struct codec *codec;
    void *encoder, *decoder;
    struct jitter *jitter;
    unsigned frame, clocks; /* samples, and RTP clocks, a frame */
    uint64_t now;           /* µs */
    uint16_t sequence;
    uint32_t timestamp;
    unsigned spoken; /* frames */
    double hz;
    bool states;  /* each packet says how loud it is … */
    float stated; /* … and whatever it is, this; negative: the truth */
    float heard[FRAME_MAX];
    bool is_heard;
    float step, last; /* the largest step between two samples */
    double power;     /* of the last frame */
};

static struct line *line_open(const char *name, unsigned clock_rate, const char *fmtp)
{
    struct codec_format format = {.clock_rate = clock_rate, .channels = 1};
    struct line *line = calloc(1, sizeof(*line));

    assert_non_null(line);
    strncpy(format.name, name, sizeof(format.name) - 1);
    format.channels = clock_rate == 48000 ? 2 : 1;
    line->codec = codec_find(&format);
    assert_non_null(line->codec);
    line->encoder = line->codec->encoder_create();
    line->codec->encoder_begin(
        line->encoder, line->codec->encoder_tuning != NULL ? line->codec->encoder_tuning(fmtp) : 0);
    line->decoder = line->codec->decoder_create();
    line->jitter = jitter_create(line->codec, line->decoder);
    line->frame = line->codec->sample_rate / 1000 * FRAME_MS;
    line->clocks = clock_rate / 1000 * FRAME_MS;
    line->now = 1000000;
    line->timestamp = 0xffffff00; /* wraps soon */
    line->hz = 440;
    return line;
}

static void line_close(struct line *line)
{
    jitter_destroy(line->jitter);
    line->codec->encoder_destroy(line->encoder);
    line->codec->decoder_destroy(line->decoder);
    free(line);
}

/* Says one frame; what is silent may come to no packet at all. */
static void say(struct line *line, double amplitude, bool lost)
{
    float samples[FRAME_MAX];
    uint8_t payload[PAYLOAD_MAX];
    struct rtp_packet packet = {.sequence = line->sequence, .timestamp = line->timestamp};
    int size;

    for (unsigned i = 0; i < line->frame; i++) {
        samples[i] =
            (float)(amplitude * sin(2 * M_PI * line->hz * (line->spoken * line->frame + i) /
                                    line->codec->sample_rate));
    }
    size = line->codec->encode(line->encoder, samples, line->frame, payload, sizeof(payload));
    assert_true(size >= 0);
    line->spoken++;
    line->timestamp += line->clocks;
    if (size == 0) {
        return;
    }
    line->sequence++;
    if (!lost) {
        packet.has_power = line->states;
        packet.power = line->stated < 0 ? (float)(amplitude * amplitude / 2) : line->stated;
        packet.payload = payload;
        packet.payload_size = (size_t)size;
        jitter_put(line->jitter, &packet, line->now - 1000);
    }
}

static void hear(struct line *line)
{
    line->is_heard = jitter_get(line->jitter, line->now, line->heard);
    line->now += TICK_US;
    line->power = 0;
    for (unsigned i = 0; i < line->frame; i++) {
        float step = fabsf(line->heard[i] - line->last);

        line->step = step > line->step ? step : line->step;
        line->last = line->heard[i];
        line->power += line->heard[i] * line->heard[i] / (double)line->frame;
    }
}

static void talk(struct line *line, unsigned frames, double amplitude)
{
    while (frames-- > 0) {
        say(line, amplitude, false);
        hear(line);
    }
}

static struct jitter_stats stats_of(const struct line *line)
{
    struct jitter_stats stats;

    jitter_stats(line->jitter, &stats);
    return stats;
}

static void nothing_is_made_up_on_a_clean_network(void **state)
{
    static const char *const names[] = {"opus", "G722"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line *line = line_open(names[i], i == 0 ? 48000 : 8000, "");

        talk(line, 200, 0.3);
        assert_int_equal(stats_of(line).concealed, 0);
        assert_int_equal(stats_of(line).late, 0);
        assert_true(line->is_heard);
        assert_float_equal(10 * log10(line->power / 0.045), 0, 0.3);
        assert_true(jitter_delay(line->jitter) < 5);
        line_close(line);
    }
}

static void a_pause_without_packets_is_silence_and_no_loss(void **state)
{
    struct line *line = line_open("opus", 48000, "usedtx=1");
    unsigned packets;

    (void)state;
    talk(line, 50, 0.3);
    packets = line->sequence;
    talk(line, 100, 0);
    assert_in_range(line->sequence - packets, 1, 60); /* it did send less */
    assert_true(line->power < 1e-7);
    talk(line, 50, 0.3);
    assert_int_equal(stats_of(line).concealed, 0);
    assert_true(line->is_heard);
    assert_float_equal(10 * log10(line->power / 0.045), 0, 0.5);
    line_close(line);
}

/* The packets that say "silence now" need not come: the jitter buffer finds out by the sequence. */
static void a_pause_that_begins_without_a_word_is_no_loss_either(void **state)
{
    struct line *line = line_open("opus", 48000, "useinbandfec=1");

    (void)state;
    talk(line, 50, 0.3);
    for (unsigned i = 0; i < 20; i++) {
        line->timestamp += line->clocks;
        hear(line);
    }
    assert_false(line->is_heard);
    talk(line, 50, 0.3);
    assert_int_equal(stats_of(line).concealed, 0);
    line_close(line);
}

static unsigned decoded;
static const struct codec *decoder_of;

static int decode_counted(void *decoder, const uint8_t *payload, size_t size, float *samples,
                          unsigned max)
{
    decoded++;
    return decoder_of->decode(decoder, payload, size, samples, max);
}

/* The line counts from now on how often it decodes. */
static void count_decoding(struct line *line)
{
    static struct codec counted;

    decoder_of = line->codec;
    counted = *line->codec;
    counted.decode = decode_counted;
    jitter_reset(line->jitter, &counted, line->decoder);
}

/* Cut into words, for a steady tone is background to Opus. */
static void say_words(struct line *line, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        line->hz = 200 + 40 * (i % 7);
        talk(line, 1, i % 10 < 8 ? 0.3 : 0);
    }
}

static void who_is_silent_without_a_pause_is_hardly_decoded_and_heard_at_once_again(void **state)
{
    struct line *line = line_open("opus", 48000, "");

    (void)state;
    count_decoding(line);
    say_words(line, 50);
    talk(line, 100, 0);
    decoded = 0;
    talk(line, 100, 0);
    assert_in_range(decoded, 1, 8);
    assert_int_equal(line->sequence, 250);
    line->hz = 440;
    talk(line, 2, 0.3);
    assert_true(line->power > 0.02);
    decoded = 0;
    say_words(line, 50);
    assert_int_equal(decoded, 50);
    assert_int_equal(stats_of(line).concealed, 0);
    line_close(line);
}

/* What is heard now, in dB of what a tone of 0.3 has. */
static double level_of(const struct line *line)
{
    return 10 * log10(line->power / 0.045);
}

static void a_muted_talker_is_decoded_now_and_then_and_heard_when_no_longer_muted(void **state)
{
    static const char *const names[] = {"opus", "G722"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line *line = line_open(names[i], i == 0 ? 48000 : 8000, "");
        float still;

        count_decoding(line);
        talk(line, 50, 0.3);
        line->step = 0;
        talk(line, 50, 0.3);
        still = line->step;
        jitter_ignore(line->jitter, INFINITY);
        for (unsigned turn = 0; turn < 5; turn++) {
            talk(line, 10, 0.3);
            decoded = 0;
            talk(line, 100, 0.3);
            assert_in_range(decoded, 19, 21);
            assert_false(line->is_heard);
            assert_float_equal(10 * log10(jitter_power(line->jitter) / 0.045), 0, 4);
            talk(line, 100, 0.003);
            assert_float_equal(10 * log10(jitter_power(line->jitter) / 4.5e-6), 0, 4);
            talk(line, turn, 0.3);
            line->last = line->step = 0;
            jitter_ignore(line->jitter, 0);
            talk(line, 3, 0.3); /* its state comes in by and by, from below */
            assert_true(line->is_heard);
            assert_true(level_of(line) > -4 && level_of(line) < 1);
            talk(line, 10, 0.3);
            assert_float_equal(level_of(line), 0, 0.5);
            assert_true(line->step < still + 0.05);
            jitter_ignore(line->jitter, INFINITY);
        }
        assert_int_equal(stats_of(line).concealed, 0);
        line_close(line);
    }
}

/* The gate is 65 dB below the overload point. */
static void who_says_that_it_is_silent_is_not_decoded_and_heard_at_once_again(void **state)
{
    static const char *const names[] = {"opus", "G722"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line *line = line_open(names[i], i == 0 ? 48000 : 8000, "");
        float still;

        line->hz = 450; /* whole periods in a frame */
        line->states = true;
        line->stated = -1;
        count_decoding(line);
        talk(line, 50, 0.3);
        line->step = 0;
        talk(line, 50, 0.3);
        still = line->step;
        for (unsigned turn = 0; turn < 5; turn++) {
            talk(line, 25, 0.0002); /* while the gate is still open */
            jitter_ignore(line->jitter, 3.2e-7f);
            decoded = 0;
            talk(line, 100, 0.0002);
            assert_in_range(decoded, 3, 5); /* looked at whether it is true */
            assert_float_equal(jitter_power(line->jitter), 2e-8, 1e-9);
            assert_false(line->is_heard);
            talk(line, 1, 0.3);
            assert_true(line->is_heard);
            assert_true(level_of(line) > -6);
            jitter_ignore(line->jitter, 0);
            talk(line, 5, 0.3);
            assert_true(level_of(line) > -1.5 && level_of(line) < 0.5);
            assert_true(line->step < still + 0.1);
        }
        line_close(line);
    }
}

static void who_says_that_it_is_silent_and_is_not_is_believed_half_a_second(void **state)
{
    struct line *line = line_open("G722", 8000, "");
    unsigned frames = 0;

    (void)state;
    line->states = true;
    talk(line, 50, 0.3);
    jitter_ignore(line->jitter, 3.2e-7f);
    talk(line, 3, 0.3);
    assert_false(line->is_heard);
    while (!line->is_heard) {
        talk(line, 1, 0.3);
        assert_in_range(++frames, 0, 30);
    }
    talk(line, 20, 0.3);
    assert_float_equal(level_of(line), 0, 0.5);
    line_close(line);
}

static void a_lost_packet_is_concealed_without_a_click(void **state)
{
    static const char *const names[] = {"opus", "G722"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct line *line = line_open(names[i], i == 0 ? 48000 : 8000, "");
        float still;

        talk(line, 50, 0.3);
        line->step = 0;
        talk(line, 50, 0.3);
        still = line->step;
        for (unsigned turn = 0; turn < 10; turn++) {
            say(line, 0.3, true);
            hear(line);
            assert_true(line->is_heard);
            assert_true(line->power > 0.003); /* -12 dB: libopus fades soon */
            talk(line, 9, 0.3);
        }
        assert_in_range(stats_of(line).concealed, 1, 10 * line->frame + 10 * line->frame / 4);
        assert_true(line->step < still + 0.05);
        line_close(line);
    }
}

/* One packet is always there beforehand, as on a network with jitter. */
static void opus_repairs_what_the_next_packet_repeats(void **state)
{
    struct line *line = line_open("opus", 48000, "useinbandfec=1");

    (void)state;
    talk(line, 20, 0.3);
    say(line, 0.3, false);
    for (unsigned turn = 0; turn < 10; turn++) {
        for (unsigned i = 0; i < 8; i++) {
            say(line, 0.3, false);
            hear(line);
        }
        say(line, 0.3, true);
        hear(line);
        assert_float_equal(10 * log10(line->power / 0.045), 0, 1);
    }
    assert_int_equal(stats_of(line).concealed, 0);
    line_close(line);
}

/* What was made up in a gap stays counted when the gap ends with another codec and another clock,
 * though the first packet of that comes without a loss. */
static void another_codec_after_a_loss_takes_nothing_back(void **state)
{
    struct line *line = line_open("opus", 48000, ""), *other = line_open("G722", 8000, "");
    uint64_t concealed;

    (void)state;
    talk(line, 20, 0.3);
    for (unsigned i = 0; i < 3; i++) {
        say(line, 0.3, true);
        hear(line);
    }
    talk(line, 7, 0.3);
    concealed = stats_of(line).concealed;
    assert_true(concealed > 0);
    jitter_destroy(other->jitter);
    other->jitter = line->jitter;
    line->jitter = NULL;
    jitter_reset(other->jitter, other->codec, other->decoder);
    other->now = line->now;
    other->timestamp = line->timestamp + 20000;
    talk(other, 5, 0.3);
    assert_int_equal(stats_of(other).concealed, concealed / 3); /* at 16 instead of 48 kHz */
    line_close(line);
    line_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_made_up_on_a_clean_network),
        cmocka_unit_test(a_pause_without_packets_is_silence_and_no_loss),
        cmocka_unit_test(a_pause_that_begins_without_a_word_is_no_loss_either),
        cmocka_unit_test(who_is_silent_without_a_pause_is_hardly_decoded_and_heard_at_once_again),
        cmocka_unit_test(a_muted_talker_is_decoded_now_and_then_and_heard_when_no_longer_muted),
        cmocka_unit_test(who_says_that_it_is_silent_is_not_decoded_and_heard_at_once_again),
        cmocka_unit_test(who_says_that_it_is_silent_and_is_not_is_believed_half_a_second),
        cmocka_unit_test(a_lost_packet_is_concealed_without_a_click),
        cmocka_unit_test(opus_repairs_what_the_next_packet_repeats),
        cmocka_unit_test(another_codec_after_a_loss_takes_nothing_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
