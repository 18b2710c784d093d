/* Mixed codecs in one mix: each talker to each listener, sound and cost; encoders that are shared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <malloc.h>
#include <math.h>
#include <string.h>

#include "media/level.h"
#include "media/mixer.h"

enum { CHANNELS = 24, CODECS = 6, WINDOW = 50, SETTLE = 30 };

static const struct codec_format formats[CODECS] = {
    {.name = "PCMU", .clock_rate = 8000, .channels = 1},
    {.name = "PCMA", .clock_rate = 8000, .channels = 1},
    {.name = "L16", .clock_rate = 8000, .channels = 1},
    {.name = "G722", .clock_rate = 8000, .channels = 1},
    {.name = "L16", .clock_rate = 16000, .channels = 1},
    {.name = "opus", .clock_rate = 48000, .channels = 2},
};

static const struct codec *codec(unsigned number)
{
    assert_non_null(codec_find(&formats[number]));
    return codec_find(&formats[number]);
}

/* A phone: what it says is encoded, decoded and taken; what it is given is decoded. */
struct phone {
    const struct codec *codec;
    struct mixer_channel channel;
    void *encoder, *decoder_in, *decoder_out;
    double hz, amplitude; /* 0: silent */
    bool raw;             /* what it says skips the codec */
    const uint8_t *payload;
    size_t size;
    float heard[FRAME_MAX];
    float last, before_last, bend; /* the sharpest second difference heard */
};

struct room {
    struct mixer mixer;
    struct mixer_stock stock;
    struct phone phones[CHANNELS];
    unsigned count, ticks;
    unsigned muted; /* phones that were given nothing, though they hear */
    /* of each phone, each phone's tone, since listen_anew */
    double sine[CHANNELS][CHANNELS], cosine[CHANNELS][CHANNELS], power[CHANNELS];
    unsigned listened;
};

static void supply(struct room *room, const struct codec *of, uint64_t buses, bool lacking)
{
    struct mixer_supply *made = NULL;

    assert_int_equal(
        mixer_supply_create(&room->stock, of != NULL ? of->sample_rate : 0, buses, &made), 0);
    assert_int_equal(mixer_supply_encoders(&room->stock, of, lacking, &made), 0);
    if (made != NULL) {
        mixer_install(&room->mixer, made);
    }
    mixer_supply_destroy(made);
}

static struct phone *add(struct room *room, unsigned number)
{
    struct phone *phone = &room->phones[room->count];
    struct mixer_route route = {.speaks = {1}, .hears = {1}};
    const struct codec *of = codec(number);

    *phone = (struct phone){.codec = of, .hz = 300 + 70 * room->count};
    if (!of->stateless) {
        phone->encoder = of->encoder_create();
        of->encoder_begin(phone->encoder, of->encoder_tuning != NULL ? of->encoder_tuning("") : 0);
        phone->decoder_in = of->decoder_create();
        phone->decoder_out = of->decoder_create();
    }
    mixer_stock_add(&room->stock, of);
    supply(room, of, 1, false);
    mixer_channel_init(&phone->channel);
    mixer_channel_tune(&room->mixer, &phone->channel, of,
                       of->encoder_tuning != NULL ? of->encoder_tuning("") : 0);
    mixer_channel_route(&phone->channel, &route);
    room->count++;
    return phone;
}

static struct room *room_create(void)
{
    struct room *room = calloc(1, sizeof(*room));

    assert_non_null(room);
    return room;
}

static void room_free(struct room *room)
{
    for (unsigned i = 0; i < room->count; i++) {
        struct phone *phone = &room->phones[i];

        if (!phone->codec->stateless) {
            phone->codec->encoder_destroy(phone->encoder);
            phone->codec->decoder_destroy(phone->decoder_in);
            phone->codec->decoder_destroy(phone->decoder_out);
        }
    }
    mixer_free(&room->mixer);
    free(room);
}

static void listen_anew(struct room *room)
{
    memset(room->sine, 0, sizeof(room->sine));
    memset(room->cosine, 0, sizeof(room->cosine));
    memset(room->power, 0, sizeof(room->power));
    room->listened = room->muted = 0;
    for (unsigned i = 0; i < room->count; i++) {
        room->phones[i].bend = 0;
    }
}

static unsigned frame_of(const struct phone *phone)
{
    return phone->codec->sample_rate / 1000 * FRAME_MS;
}

static void speak(struct room *room, struct phone *phone)
{
    unsigned count = frame_of(phone);
    float samples[FRAME_MAX];
    uint8_t payload[PAYLOAD_MAX];

    if (phone->amplitude == 0) {
        mixer_take(&room->mixer, &phone->channel, NULL, 0, false);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        samples[i] =
            (float)(phone->amplitude * sin(2 * M_PI * phone->hz * (room->ticks * count + i) /
                                           phone->codec->sample_rate));
    }
    if (!phone->raw) {
        int size = phone->codec->encode(phone->encoder, samples, count, payload, sizeof(payload));

        assert_true(size > 0);
        assert_int_equal(
            phone->codec->decode(phone->decoder_in, payload, (size_t)size, samples, FRAME_MAX),
            count);
    }
    mixer_take(&room->mixer, &phone->channel, samples, level_power(samples, count), false);
}

static void hear(struct room *room, unsigned ear)
{
    struct phone *phone = &room->phones[ear];
    struct mixer_payload payload;
    unsigned count = frame_of(phone);

    mixer_give(&room->mixer, &phone->channel, &payload);
    mixer_settle(&phone->channel);
    phone->payload = payload.data;
    phone->size = payload.size;
    if (phone->channel.lacks_encoder) {
        phone->channel.lacks_encoder = false;
        supply(room, phone->codec, 0, true);
    }
    if (payload.size == 0) {
        room->muted++;
        return;
    }
    assert_int_equal(phone->codec->decode(phone->decoder_out, payload.data, payload.size,
                                          phone->heard, FRAME_MAX),
                     count);
    for (unsigned i = 0; i < count; i++) {
        float sample = phone->heard[i];
        float bend = fabsf(sample - 2 * phone->last + phone->before_last);

        phone->before_last = phone->last;
        phone->last = sample;
        phone->bend = bend > phone->bend ? bend : phone->bend;
        room->power[ear] += (double)sample * sample;
        for (unsigned k = 0; k < room->count; k++) {
            double phase = 2 * M_PI * room->phones[k].hz * (room->ticks * count + i) /
                           phone->codec->sample_rate;

            room->sine[ear][k] += sample * sin(phase);
            room->cosine[ear][k] += sample * cos(phase);
        }
    }
}

static void ticks(struct room *room, unsigned count)
{
    while (count-- > 0) {
        mixer_begin(&room->mixer);
        for (unsigned i = 0; i < room->count; i++) {
            speak(room, &room->phones[i]);
        }
        for (unsigned i = 0; i < room->count; i++) {
            hear(room, i);
        }
        room->ticks++;
        room->listened++;
    }
}

static double amplitude(const struct room *room, unsigned ear, unsigned k)
{
    double count = (double)room->listened * frame_of(&room->phones[ear]) / 2;

    return hypot(room->sine[ear][k] / count, room->cosine[ear][k] / count);
}

static double decibels(double ratio)
{
    return 20 * log10(ratio + 1e-12);
}

/* ---- sound ---- */

struct quality {
    double sinad, level; /* dB */
};

static struct quality quality_of(double sine, double cosine, double power, double count)
{
    double tone = 2 * (sine * sine + cosine * cosine) / count / count;

    return (struct quality){.sinad = 10 * log10(tone / fmax(power / count - tone, 1e-15)),
                            .level = 10 * log10(tone / (0.25 * 0.25 / 2))};
}

static void pass(const struct codec *of, void *encoder, void *decoder, float *samples)
{
    unsigned count = of->sample_rate / 1000 * FRAME_MS;
    uint8_t payload[PAYLOAD_MAX];
    int size = of->encode(encoder, samples, count, payload, sizeof(payload));

    assert_true(size > 0);
    assert_int_equal(of->decode(decoder, payload, (size_t)size, samples, FRAME_MAX), count);
}

/* A tone through the talker's codec, a resampler when there must be one, and the listener's codec:
 * all that a mixer has to do, without it. */
static struct quality quality_alone(unsigned from, unsigned to)
{
    struct room *room = room_create();
    struct phone *talker = add(room, from), *listener = add(room, to);
    unsigned in = frame_of(talker), out = frame_of(listener);
    struct resampler *resampler =
        in != out ? resampler_create(talker->codec->sample_rate, listener->codec->sample_rate)
                  : NULL;
    double sine = 0, cosine = 0, power = 0;

    for (unsigned tick = 0; tick < SETTLE + WINDOW; tick++) {
        float said[FRAME_MAX], heard[FRAME_MAX];

        for (unsigned i = 0; i < in; i++) {
            said[i] =
                (float)(0.25 * sin(2 * M_PI * 1020 * (tick * in + i) / talker->codec->sample_rate));
        }
        pass(talker->codec, talker->encoder, talker->decoder_in, said);
        memcpy(heard, said, sizeof(heard));
        if (resampler != NULL) {
            resampler_run(resampler, said, in, heard);
        }
        pass(listener->codec, listener->encoder, listener->decoder_out, heard);
        for (unsigned i = 0; tick >= SETTLE && i < out; i++) {
            double phase = 2 * M_PI * 1020 * (tick * out + i) / listener->codec->sample_rate;

            sine += heard[i] * sin(phase);
            cosine += heard[i] * cos(phase);
            power += (double)heard[i] * heard[i];
        }
    }
    resampler_destroy(resampler);
    room_free(room);
    return quality_of(sine, cosine, power, WINDOW * out);
}

static void a_tone_comes_through_any_two_codecs_as_good_as_they_are(void **state)
{
    (void)state;
    for (unsigned from = 0; from < CODECS; from++) {
        for (unsigned to = 0; to < CODECS; to++) {
            struct room *room = room_create();
            struct phone *talker = add(room, from);
            struct quality alone = quality_alone(from, to), mixed;

            talker->hz = 1020;
            talker->amplitude = 0.25;
            (void)add(room, to);
            ticks(room, SETTLE);
            listen_anew(room);
            ticks(room, WINDOW);
            mixed = quality_of(room->sine[1][0], room->cosine[1][0], room->power[1],
                               room->listened * frame_of(&room->phones[1]));
            if (mixed.sinad < alone.sinad - 1 || fabs(mixed.level - alone.level) > 0.2 ||
                fabs(mixed.level) > 0.2) {
                fail_msg("%s/%u to %s/%u: SINAD %.1f dB of %.1f, level %+.2f dB of %+.2f",
                         formats[from].name, formats[from].clock_rate, formats[to].name,
                         formats[to].clock_rate, mixed.sinad, alone.sinad, mixed.level,
                         alone.level);
            }
            print_message("%s/%u to %s/%u: SINAD %.1f dB, level %+.2f dB\n", formats[from].name,
                          formats[from].clock_rate, formats[to].name, formats[to].clock_rate,
                          mixed.sinad, mixed.level);
            room_free(room);
        }
    }
}

static void all_hear_the_others_and_nobody_himself(void **state)
{
    struct room *room = room_create();

    (void)state;
    for (unsigned i = 0; i < CODECS; i++) {
        add(room, i)->amplitude = 0.1;
    }
    ticks(room, SETTLE);
    listen_anew(room);
    ticks(room, 2 * WINDOW);
    for (unsigned ear = 0; ear < CODECS; ear++) {
        /* Opus makes five tones at once a little softer. */
        double tolerance = strcmp(formats[ear].name, "opus") == 0 ? 0.5 : 0.3;

        for (unsigned k = 0; k < CODECS; k++) {
            double heard = decibels(amplitude(room, ear, k) / 0.1);

            if (ear == k) {
                assert_true(heard < -35); /* the codecs' own noise; see the next test */
            } else {
                assert_float_equal(heard, 0, tolerance);
            }
        }
    }
    room_free(room);
}

/* L16 both ways: what is left of one's own voice is the mixer's doing. */
static void nothing_of_the_own_voice_comes_back_from_another_rate(void **state)
{
    struct room *room = room_create();

    (void)state;
    add(room, 2)->amplitude = 0.2;
    add(room, 4)->amplitude = 0.2;
    add(room, 2)->amplitude = 0;
    add(room, 5)->amplitude = 0;
    ticks(room, SETTLE);
    listen_anew(room);
    ticks(room, 2 * WINDOW);
    for (unsigned ear = 0; ear < 2; ear++) {
        assert_true(decibels(amplitude(room, ear, ear) / 0.2) < -60);
        assert_float_equal(decibels(amplitude(room, ear, 1 - ear) / 0.2), 0, 0.05);
    }
    room_free(room);
}

static void narrowband_hears_no_alias_of_wideband(void **state)
{
    struct room *room = room_create();

    (void)state;
    add(room, 4)->amplitude = 0.3;
    room->phones[0].hz = 5500;
    (void)add(room, 2);
    room->phones[1].hz = 8000 - 5500; /* where it would fold to */
    ticks(room, SETTLE);
    listen_anew(room);
    ticks(room, WINDOW);
    assert_true(decibels(amplitude(room, 1, 1) / 0.3) < -70);
    room_free(room);
}

/* ---- cost ---- */

static void resampling_is_done_once_a_rate_and_only_where_somebody_listens(void **state)
{
    struct room *room = room_create();
    uint64_t before;

    (void)state;
    add(room, 0)->amplitude = 0.2;
    (void)add(room, 1);
    ticks(room, 3);
    assert_int_equal(room->mixer.resamples, 0);
    (void)add(room, 3);
    for (unsigned i = 0; i < 5; i++) {
        (void)add(room, 4);
        (void)add(room, 5);
    }
    ticks(room, 3);
    before = room->mixer.resamples;
    ticks(room, 10);
    assert_int_equal(room->mixer.resamples - before, 10 * 2); /* to 16000 and to 48000 Hz */
    room->phones[0].amplitude = 0;
    ticks(room, 40);
    before = room->mixer.resamples;
    ticks(room, 10);
    assert_int_equal(room->mixer.resamples, before);
    room_free(room);
}

static void silent_listeners_share_one_encoder(void **state)
{
    struct room *room = room_create();
    uint64_t before;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        (void)add(room, i % 2 ? 5 : 3);
    }
    room->phones[0].amplitude = room->phones[1].amplitude = 0.2;
    ticks(room, SETTLE);
    before = room->mixer.encodes;
    listen_anew(room);
    ticks(room, 10);
    /* two talkers, and the listeners of either codec */
    assert_int_equal(room->mixer.encodes - before, 10 * 4);
    assert_int_equal(room->muted, 0);
    for (unsigned i = 4; i < 20; i++) {
        assert_ptr_equal(room->phones[i].payload, room->phones[i - 2].payload);
    }
    room_free(room);
}

static void all_may_speak_at_once_with_few_encoders_made_beforehand(void **state)
{
    struct room *room = room_create();

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        (void)add(room, 5);
    }
    ticks(room, 5);
    assert_in_range(room->stock.demands[0].made, 1, 4);
    for (unsigned i = 0; i < 10; i++) {
        room->phones[i].amplitude = 0.05;
    }
    ticks(room, 6); /* as many as lack one ask for it, and get it by the next tick */
    listen_anew(room);
    ticks(room, SETTLE);
    assert_int_equal(room->muted, 0);
    assert_in_range(room->stock.demands[0].made, 10, 11);
    for (unsigned k = 1; k < 10; k++) {
        assert_true(decibels(amplitude(room, 0, k) / 0.05) > -6);
    }
    room_free(room);
}

/* Those who joined first have taken all encoders, and talk; the others are not to be left out. */
static void listeners_get_an_encoder_though_talkers_have_taken_all(void **state)
{
    struct room *room = room_create();

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        (void)add(room, 5);
        ticks(room, 3);
        room->phones[i].amplitude = i < 3 ? 0.1 : 0;
        ticks(room, 3);
    }
    ticks(room, 10);
    listen_anew(room);
    ticks(room, SETTLE);
    assert_int_equal(room->muted, 0);
    assert_in_range(room->stock.demands[0].made, 4, 6);
    room_free(room);
}

/* ---- from a shared encoder to an own one and back ---- */

static double sharpest(unsigned number, bool speaks)
{
    struct room *room = room_create();
    struct phone *ear;
    float bend;

    (void)add(room, number);
    (void)add(room, number);
    ear = add(room, number);
    (void)add(room, number);
    room->phones[0].raw = true;
    room->phones[0].hz = 410;
    room->phones[0].amplitude = 0.3;
    ticks(room, SETTLE);
    listen_anew(room);
    for (unsigned i = 0; i < 6; i++) {
        ear->amplitude = speaks ? 0.02 : 0;
        ticks(room, 5);
        ear->amplitude = 0;
        ticks(room, 30 + i);
    }
    assert_int_equal(room->muted, 0);
    bend = ear->bend;
    room_free(room);
    return bend;
}

static void beginning_and_ending_to_speak_does_not_click(void **state)
{
    static const unsigned numbers[] = {5, 3};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        double still = sharpest(numbers[i], false), moved = sharpest(numbers[i], true);

        print_message("%s: bend %.5f, changing encoders %.5f\n", formats[numbers[i]].name, still,
                      moved);
        /* 5 % of the tone: what the peaks of the codecs' noise come to. Opus also has a little
         * transition of its own some frames after any beginning. */
        assert_true(moved < still + 0.05 * 0.3);
    }
}

/* ---- memory ---- */

static size_t size_of_mix(const unsigned *numbers, unsigned count)
{
    size_t before = mallinfo2().uordblks, size;
    struct mixer mixer = {0};
    struct mixer_stock stock = {0};

    for (unsigned i = 0; i < count; i++) {
        struct mixer_supply *made = NULL;

        mixer_stock_add(&stock, codec(numbers[i]));
        assert_int_equal(mixer_supply_create(&stock, codec(numbers[i])->sample_rate, 1, &made), 0);
        assert_int_equal(mixer_supply_encoders(&stock, codec(numbers[i]), false, &made), 0);
        if (made != NULL) {
            mixer_install(&mixer, made);
        }
        mixer_supply_destroy(made);
    }
    size = mallinfo2().uordblks - before + sizeof(mixer);
    mixer_free(&mixer);
    return size;
}

static void a_mix_takes_memory_for_its_members_codecs_only(void **state)
{
    static const unsigned g711[] = {0, 1}, all[] = {0, 3, 5, 5, 5};

    (void)state;
    print_message("G.711: %zu bytes, all three rates: %zu\n", size_of_mix(g711, 2),
                  size_of_mix(all, 5));
    assert_true(size_of_mix(g711, 2) < 22 * 1024);
    assert_true(size_of_mix(all, 5) < 320 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_comes_through_any_two_codecs_as_good_as_they_are),
        cmocka_unit_test(all_hear_the_others_and_nobody_himself),
        cmocka_unit_test(nothing_of_the_own_voice_comes_back_from_another_rate),
        cmocka_unit_test(narrowband_hears_no_alias_of_wideband),
        cmocka_unit_test(resampling_is_done_once_a_rate_and_only_where_somebody_listens),
        cmocka_unit_test(silent_listeners_share_one_encoder),
        cmocka_unit_test(all_may_speak_at_once_with_few_encoders_made_beforehand),
        cmocka_unit_test(listeners_get_an_encoder_though_talkers_have_taken_all),
        cmocka_unit_test(beginning_and_ending_to_speak_does_not_click),
        cmocka_unit_test(a_mix_takes_memory_for_its_members_codecs_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
