/* What the jitter buffer sounds like: loss is bridged and fades, delay is mended, nothing clicks.
 */
#include "jitter_world.h"

/* The largest step from sample to sample of the sound itself, through the codec. */
static float natural_step(float (*sound)(uint64_t))
{
    struct world *w = world_create(pcmu(), sound);
    world_run(w, 60 * SECOND);
    assert_int_equal(world_stats(w).concealed, 0);
    float step = w->step;
    world_destroy(w);
    return step;
}

static uint64_t up_to_100_ms(struct world *w)
{
    return world_chance(w, 100 * MS);
}

static bool one_in_ten(struct world *w)
{
    return world_chance(w, 10) == 0;
}

static bool in_bursts(struct world *w)
{
    return w->sequence / 7 % 5 == 0;
}

/* A period too long to be found, so that nothing meets in phase. */
static float hum(uint64_t index)
{
    return 0.5F * sinf((float)(2 * M_PI * 50 / RATE) * (float)(index % RATE));
}

/* Runs `w` and expects no step that the sound does not make by itself; a quarter is allowed for
 * periods that do not meet in phase. Hum has so small steps that joining them takes twice that:
 * still far from a click. */
static void expect_no_click(struct world *w, float (*sound)(uint64_t))
{
    float natural = natural_step(sound);
    w->step = 0;
    world_run(w, 60 * SECOND);
    if (w->step > (sound == hum ? 2 : 1.25F) * natural) {
        fail_msg("a step of %.3f, where the sound's own largest is %.3f", (double)w->step,
                 (double)natural);
    }
}

static float (*const sounds[])(uint64_t) = {tone, voice, hum};
enum { SOUNDS = sizeof sounds / sizeof *sounds };

static void single_losses_do_not_click(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SOUNDS; i++) {
        struct world *w = world_create(pcmu(), sounds[i]);
        w->lose = one_in_ten;
        expect_no_click(w, sounds[i]);
        assert_true(world_stats(w).concealed > 100ULL * FRAME);
        world_destroy(w);
    }
}

static void bursts_of_loss_do_not_click(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SOUNDS; i++) {
        struct world *w = world_create(pcmu(), sounds[i]);
        w->lose = in_bursts;
        expect_no_click(w, sounds[i]);
        assert_true(world_stats(w).concealed > 100ULL * FRAME);
        world_destroy(w);
    }
}

static void following_a_clock_that_is_off_does_not_click(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * SOUNDS; i++) {
        struct world *w = world_create(pcmu(), sounds[i / 2]);
        w->sender_ms = i % 2 ? 1.01 : 0.99; /* a percent: much to do */
        expect_no_click(w, sounds[i / 2]);
        struct jitter_stats stats = world_stats(w);
        assert_true((i % 2 ? stats.inserted : stats.removed) > RATE / 2);
        world_destroy(w);
    }
}

/* Jitter that comes and goes: sound is stretched both ways. */
static uint64_t in_turns(struct world *w)
{
    return w->sequence / 500 % 2 ? up_to_100_ms(w) : 0;
}

static void growing_and_shrinking_delay_does_not_click(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SOUNDS; i++) {
        struct world *w = world_create(pcmu(), sounds[i]);
        w->delay = in_turns;
        expect_no_click(w, sounds[i]);
        struct jitter_stats stats = world_stats(w);
        assert_true(stats.inserted > RATE / 10 && stats.removed > RATE / 10);
        world_destroy(w);
    }
}

static void a_sender_that_floods_does_not_click(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    w->sender_ms = 0.5; /* what is too much is left out in large steps */
    expect_no_click(w, tone);
    world_destroy(w);
}

static void talk_spurts_do_not_click(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    float natural = natural_step(tone);
    for (unsigned spurt = 0; spurt < 40; spurt++) {
        w->is_muted = spurt % 2;
        if (w->is_muted && spurt % 4 == 1) {
            world_launch(w, w->tick)->is_noise = true;
            w->sequence++;
        }
        world_run(w, 17);
    }
    assert_true(w->step <= 1.25F * natural);
    world_destroy(w);
}

static void a_new_stream_after_a_reset_does_not_click(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    float natural = natural_step(tone);
    for (unsigned i = 0; i < 100; i++) {
        world_run(w, 7);
        w->index += world_chance(w, 100); /* another phase */
        w->sequence = (uint16_t)world_chance(w, 65536);
        w->timestamp = world_chance(w, 1000000);
        jitter_reset(w->jitter, w->codec, NULL);
    }
    assert_true(w->step <= 1.25F * natural);
    world_destroy(w);
}

static float loudest(const struct world *w)
{
    float most = 0;
    for (unsigned i = 0; i < FRAME; i++) {
        float size = fabsf(w->out[i]);
        most = size > most ? size : most;
    }
    return most;
}

static void a_loss_goes_on_at_once_and_fades_to_silence(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    world_run(w, SECOND);
    w->is_muted = true;
    world_step(w);
    assert_true(loudest(w) > 0.45F);
    world_step(w);
    assert_true(loudest(w) > 0.25F);
    world_step(w);
    world_step(w);
    assert_true(loudest(w) < 0.12F);
    world_step(w);
    assert_true(loudest(w) == 0); /* 80 ms */
    assert_false(w->is_heard);
    world_destroy(w);
}

static void one_lost_packet_of_a_tone_is_hardly_heard(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    world_run(w, SECOND);
    w->is_muted = true;
    uint64_t index = w->index;
    w->sequence++;
    world_step(w);
    double error = 0;
    for (unsigned i = 0; i < FRAME; i++) {
        double difference = w->out[i] - tone(index + i);
        error += difference * difference / FRAME;
    }
    /* the tone itself has a power of 0.125; 12 dB below it */
    assert_true(error < 0.125 / 16);
    world_destroy(w);
}

/* ---- a codec that conceals by itself ---- */

static unsigned made_up;

static int conceal_level(void *decoder, float *samples, unsigned count)
{
    (void)decoder;
    for (unsigned i = 0; i < count; i++) {
        samples[i] = 0.25F;
    }
    made_up += count;
    return (int)count;
}

static void a_codec_that_conceals_by_itself_is_asked(void **state)
{
    (void)state;
    struct codec codec = *pcmu();
    codec.conceal = conceal_level;
    struct world *w = world_create(&codec, tone);
    world_run(w, SECOND);
    w->is_muted = true;
    world_step(w);
    assert_int_equal(made_up, FRAME);
    assert_true(w->out[0] == 0.25F);
    world_run(w, SECOND);
    assert_true(made_up <= 4 * FRAME); /* not for ever */
    assert_true(loudest(w) == 0);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_losses_do_not_click),
        cmocka_unit_test(bursts_of_loss_do_not_click),
        cmocka_unit_test(following_a_clock_that_is_off_does_not_click),
        cmocka_unit_test(growing_and_shrinking_delay_does_not_click),
        cmocka_unit_test(a_sender_that_floods_does_not_click),
        cmocka_unit_test(talk_spurts_do_not_click),
        cmocka_unit_test(a_new_stream_after_a_reset_does_not_click),
        cmocka_unit_test(a_loss_goes_on_at_once_and_fades_to_silence),
        cmocka_unit_test(one_lost_packet_of_a_tone_is_hardly_heard),
        cmocka_unit_test(a_codec_that_conceals_by_itself_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
