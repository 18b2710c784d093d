/* What nobody would hear is hardly decoded, and nothing else is lost by that: not the timing, not
 * the beginning of what is heard again. */
#include "jitter_world.h"

#include "media/level.h"

static const float GATE = 3.2e-7F; /* as in the mixer */

static unsigned decoded;

static int decode_counted(void *decoder, const uint8_t *payload, size_t size, float *samples,
                          unsigned max)
{
    decoded++;
    return pcmu()->decode(decoder, payload, size, samples, max);
}

/* µ-law that counts how often it is decoded. */
static const struct codec *counted(void)
{
    static struct codec codec;

    codec = *pcmu();
    codec.decode = decode_counted;
    return &codec;
}

/* A phone's background noise, far below the gate. */
static float hiss(uint64_t index)
{
    uint32_t chance = (uint32_t)(index * 2654435761U) >> 16;
    return ((float)(chance % 1000) / 500 - 1) * 0.0004F;
}

enum { SPURT = 2 * RATE, PAUSE = 3 * RATE };

static bool is_spoken(uint64_t index)
{
    return index % (SPURT + PAUSE) < SPURT;
}

static float talk_spurts(uint64_t index)
{
    return is_spoken(index) ? tone(index) : hiss(index);
}

static float power(const struct world *w)
{
    return level_power(w->out, FRAME);
}

/* The mixer's gate, which is open for half a second after the last loud frame. */
static void step_behind_gate(struct world *w, unsigned *open)
{
    jitter_ignore(w->jitter, *open > 0 ? 0 : GATE);
    world_step(w);
    *open = power(w) > GATE ? 25 : *open > 0 ? *open - 1 : 0;
}

static void a_quiet_phone_is_not_decoded_yet_its_level_is_known(void **state)
{
    (void)state;
    struct world *w = world_create(counted(), hiss);
    float sum = 0;
    for (uint64_t i = 0; i < 8 * FRAME; i++) {
        sum += hiss(i) * hiss(i) / (8 * FRAME);
    }
    jitter_ignore(w->jitter, GATE);
    decoded = 0;
    for (unsigned i = 0; i < 10 * SECOND; i++) {
        world_step(w);
        assert_false(w->is_heard);
        assert_true(i < 2 || fabsf(10 * log10f(jitter_power(w->jitter) / sum)) < 1.5F);
    }
    assert_int_equal(decoded, 0);
    assert_true(w->step == 0);
    struct jitter_stats stats = world_stats(w);
    assert_int_equal(stats.concealed + stats.inserted + stats.removed + stats.late, 0);
    assert_true(jitter_delay(w->jitter) > 0.4F && jitter_delay(w->jitter) < 0.6F);
    world_destroy(w);
}

static void whatever_it_says_a_muted_phone_is_not_decoded(void **state)
{
    (void)state;
    struct world *w = world_create(counted(), tone);
    jitter_ignore(w->jitter, INFINITY);
    decoded = 0;
    for (unsigned i = 0; i < 10 * SECOND; i++) {
        world_step(w);
        assert_false(w->is_heard);
        assert_float_equal(jitter_power(w->jitter), 0.125, 0.01);
    }
    assert_int_equal(decoded, 0);
    jitter_ignore(w->jitter, 0);
    world_run(w, 2);
    assert_int_equal(decoded, 2);
    assert_float_equal(power(w), 0.125, 0.01);
    assert_true(w->step < 0.2F); /* as steep as the tone itself */
    world_destroy(w);
}

/* Each loud packet is heard from its first sample on, but for the cross-fade out of silence. */
static void the_beginning_of_a_word_is_heard(void **state)
{
    (void)state;
    struct world *w = world_create(counted(), talk_spurts),
                 *all = world_create(pcmu(), talk_spurts);
    unsigned open = 0;
    for (unsigned i = 0; i < 60 * SECOND; i++) {
        uint64_t first = w->index;
        step_behind_gate(w, &open);
        world_step(all);
        bool begins = is_spoken(first) && (first == 0 || !is_spoken(first - 1));
        if (is_spoken(first)) {
            assert_true(w->is_heard);
            unsigned merge = begins ? RATE / 200 : 0;
            for (unsigned k = merge; k < FRAME; k++) {
                assert_true(w->out[k] == all->out[k]);
            }
        }
    }
    assert_true(w->step < 0.2F);
    world_destroy(all);
    world_destroy(w);
}

static uint64_t up_to_60_ms(struct world *w)
{
    return world_chance(w, 60 * MS);
}

static bool some(struct world *w)
{
    return world_chance(w, 50) == 0;
}

/* Two jitter buffers get the same packets; one of them knows what is not heard. */
static void over_a_bad_network_silence_costs_neither_delay_nor_sound(void **state)
{
    (void)state;
    struct world *w = world_create(counted(), talk_spurts),
                 *all = world_create(pcmu(), talk_spurts);
    struct world *both[] = {w, all};
    unsigned open = 0, spoken[2] = {0};
    double delays[2] = {0};
    for (unsigned i = 0; i < 2; i++) {
        both[i]->delay = up_to_60_ms;
        both[i]->lose = some;
    }
    decoded = 0;
    for (unsigned i = 0; i < 300 * SECOND; i++) {
        step_behind_gate(w, &open);
        world_step(all);
        for (unsigned k = 0; k < 2; k++) {
            delays[k] += jitter_delay(both[k]->jitter);
            spoken[k] += power(both[k]) > 0.1F;
        }
    }
    struct jitter_stats stats = world_stats(w), all_stats = world_stats(all);
    double mean = delays[0] / (300.0 * SECOND), all_mean = delays[1] / (300.0 * SECOND);
    print_message("    delay %.1f ms (%.1f when all is decoded), decoded %.0f %%, "
                  "concealed %.2f s (%.2f), late %u (%u)\n",
                  mean, all_mean, decoded / 150.0, (double)stats.concealed / RATE,
                  (double)all_stats.concealed / RATE, (unsigned)stats.late,
                  (unsigned)all_stats.late);
    assert_int_equal(w->lost, all->lost);
    assert_true(fabs(mean - all_mean) < 5);
    assert_true(abs((int)spoken[0] - (int)spoken[1]) < 120); /* frames, of 6000 */
    assert_in_range(stats.late, 0, all_stats.late + 60);
    assert_true(stats.concealed <= all_stats.concealed);
    assert_in_range(decoded, 6000, 9000); /* 40 % are loud, and the gate stays open for a while */
    assert_true(w->step < 0.3F);
    world_destroy(all);
    world_destroy(w);
}

static void a_clock_that_is_off_is_followed_in_silence(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    world_run(w, SECOND);
    for (unsigned minute = 0; minute < 5; minute++) {
        w->sender_ms = minute % 2 ? 1.0005 : 0.9995; /* 30 ms a minute */
        jitter_ignore(w->jitter, INFINITY);
        world_run(w, 60 * SECOND);
        jitter_ignore(w->jitter, 0);
        world_run(w, 4);
        assert_true(w->is_heard);
        assert_true(world_age(w) < FRAME_MS);
    }
    assert_int_equal(world_stats(w).late, 0);
    world_destroy(w);
}

static void any_packet_length_may_be_unheard(void **state)
{
    (void)state;
    static const unsigned lengths[] = {5, 10, 30, 60, 120};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct world *w = world_create(counted(), tone);
        w->packet_ms = lengths[i];
        jitter_ignore(w->jitter, INFINITY);
        decoded = 0;
        for (unsigned tick = 0; tick < 5 * SECOND; tick++) {
            world_step(w);
            assert_false(w->is_heard);
            assert_true(tick < 10 || fabsf(jitter_power(w->jitter) - 0.125F) < 0.02F);
        }
        assert_int_equal(decoded, 0);
        jitter_ignore(w->jitter, 0);
        world_run(w, SECOND);
        uint64_t concealed = world_stats(w).concealed;
        world_run(w, SECOND);
        assert_int_equal(world_stats(w).concealed, concealed);
        assert_float_equal(power(w), 0.125, 0.01);
        assert_true(jitter_delay(w->jitter) < FRAME_MS);
        world_destroy(w);
    }
}

/* Muted and heard at random, over losses and jitter: neither a click nor a wrong memory. */
static void muting_at_random_never_clicks(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    w->delay = up_to_60_ms;
    w->lose = some;
    for (unsigned i = 0; i < 600 * SECOND; i++) {
        if (world_chance(w, 10) == 0) {
            jitter_ignore(w->jitter, world_chance(w, 2) ? 0 : INFINITY);
        }
        w->is_muted = i % 100 > 90;
        world_step(w);
    }
    assert_true(w->step < 0.3F);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_phone_is_not_decoded_yet_its_level_is_known),
        cmocka_unit_test(whatever_it_says_a_muted_phone_is_not_decoded),
        cmocka_unit_test(the_beginning_of_a_word_is_heard),
        cmocka_unit_test(over_a_bad_network_silence_costs_neither_delay_nor_sound),
        cmocka_unit_test(a_clock_that_is_off_is_followed_in_silence),
        cmocka_unit_test(any_packet_length_may_be_unheard),
        cmocka_unit_test(muting_at_random_never_clicks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
