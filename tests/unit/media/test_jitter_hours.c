/* The jitter buffer over hours: clocks that differ, a network that is now good, now bad. What it
 * does to follow them is not heard, and leaves nothing behind. */
#include "jitter_world.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CLICK_HOURS = 1, DRIFT_HOURS = 1 };
#else
enum { CLICK_HOURS = 4, DRIFT_HOURS = 3 };
#endif

enum { MINUTE = 60 * SECOND };

/* One second of the tone: hours of sinf would take long. */
static float tone_table[RATE];

static float table_tone(uint64_t index)
{
    return tone_table[index % RATE];
}

static int make_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATE; i++) {
        tone_table[i] = tone(i);
    }
    return 0;
}

static float natural_step(void)
{
    struct world *w = world_create(pcmu(), table_tone);
    float step;

    world_run(w, MINUTE);
    step = w->step;
    world_destroy(w);
    return step;
}

static void hours_of_a_clock_that_is_off_are_not_heard(void **state)
{
    float natural = natural_step();

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct world *w = world_create(pcmu(), table_tone);
        struct jitter_stats stats;

        w->sender_ms = 1 + sign * 200e-6;
        world_run(w, SECOND);
        w->step = 0;
        world_run(w, CLICK_HOURS * 60 * MINUTE);
        stats = world_stats(w);
        assert_true(w->step <= 1.25F * natural);
        assert_int_equal(stats.late, 0);
        assert_true((sign > 0 ? stats.inserted : stats.removed) >
                    CLICK_HOURS * 3600 * RATE / 1e6 * 200 * 0.95);
        world_destroy(w);
    }
}

/* Up to 10 ms as a rule; up to 80 for five seconds of each minute, and then a few are lost. */
static bool is_bad(const struct world *w)
{
    return w->tick / (1000 * MS) % 60 >= 55;
}

static uint64_t good_and_bad(struct world *w)
{
    return world_chance(w, (is_bad(w) ? 80 : 10) * MS);
}

static bool lossy_when_bad(struct world *w)
{
    return is_bad(w) && world_chance(w, 20) == 0;
}

/* Mean ms that audio waits in these minutes: one of them tells little, as the buffer moves by whole
 * pitch periods, and the bad end of the minute before is still in it. */
static double delay_over(struct world *w, unsigned minutes, double *mostp)
{
    double sum = 0;

    for (unsigned i = 0; i < minutes * MINUTE; i++) {
        float delay;

        world_step(w);
        delay = jitter_delay(w->jitter);
        sum += delay;
        *mostp = fmax(*mostp, delay);
    }
    return sum / (minutes * MINUTE);
}

static void hours_of_drift_and_jitter_leave_the_delay_as_it_was(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        struct world *w = world_create(pcmu(), table_tone);
        double first, last, most = 0;

        w->sender_ms = 1 + sign * 200e-6;
        w->delay = good_and_bad;
        w->lose = lossy_when_bad;
        first = delay_over(w, 20, &most);
        (void)delay_over(w, DRIFT_HOURS * 60 - 40, &most);
        last = delay_over(w, 20, &most);
        print_message("    %+d ppm: %.1f ms at first, %.1f ms after %d h\n", sign * 200, first,
                      last, DRIFT_HOURS);
        assert_true(fabs(last - first) < 3);
        assert_true(first < 30 && most < 100);
        world_destroy(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_of_a_clock_that_is_off_are_not_heard),
        cmocka_unit_test(hours_of_drift_and_jitter_leave_the_delay_as_it_was),
    };
    return cmocka_run_group_tests(tests, make_table, NULL);
}
