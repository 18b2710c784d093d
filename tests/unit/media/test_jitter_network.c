/*
 * A voice through networks as they are, scored against what was said.
 *
 * Every 20 ms of voice that should be heard is worth up to 1: how alike the spectra are, and the
 * levels. A buffer that plays silence for what is lost would lose the whole worth of it, and so the
 * score says how much of the loss concealment makes good.
 */
#include "jitter_world.h"

enum { SECONDS = 40, SAMPLES = SECONDS * RATE, BANDS = 24, REACH = 250 * RATE / 1000 };

static float said[SAMPLES + 2 * RATE], heard[SAMPLES];

/* One second of hearing, at the lag where it fits best. */
static unsigned lag_of(unsigned at, unsigned before)
{
    unsigned best = before;
    double most = -1;

    for (unsigned lag = 0; lag <= REACH && lag <= at; lag++) {
        double product = 0;

        for (unsigned i = 0; i < RATE; i += 2) {
            product += heard[at + i] * said[at + i - lag];
        }
        if (product > most) {
            most = product;
            best = lag;
        }
    }
    return best;
}

/* Magnitudes between 100 and 3,400 Hz, Hann window. */
static void bands_of(const float *samples, double bands[BANDS])
{
    for (unsigned band = 0; band < BANDS; band++) {
        double hz = 100 + band * 3300.0 / BANDS, real = 0, imaginary = 0;

        for (unsigned i = 0; i < FRAME; i++) {
            double window = 0.5 - 0.5 * cos(2 * M_PI * i / FRAME);

            real += samples[i] * window * cos(2 * M_PI * hz * i / RATE);
            imaginary += samples[i] * window * sin(2 * M_PI * hz * i / RATE);
        }
        bands[band] = sqrt(real * real + imaginary * imaginary);
    }
}

/* 0–1; negative: nothing is to be heard there. */
static double worth(const float *is, const float *should)
{
    double a[BANDS], b[BANDS], product = 0, a_energy = 0, b_energy = 0;

    bands_of(is, a);
    bands_of(should, b);
    for (unsigned band = 0; band < BANDS; band++) {
        product += a[band] * b[band];
        a_energy += a[band] * a[band];
        b_energy += b[band] * b[band];
    }
    if (b_energy < 1) {
        return -1;
    }
    return a_energy <= 0 ? 0
                         : product / sqrt(a_energy * b_energy) *
                               sqrt(fmin(a_energy, b_energy) / fmax(a_energy, b_energy));
}

struct network {
    const char *name;
    uint64_t (*delay)(struct world *w);
    bool (*lose)(struct world *w);
};

/* The mean worth. `lostp`: share of the packets that were lost. */
static double score(const struct network *network, double *lostp)
{
    struct world *w = world_create(pcmu(), voice);
    double sum = 0;
    unsigned count = 0, lag = 0;

    w->delay = network->delay;
    w->lose = network->lose;
    w->index = 0;
    for (unsigned i = 0; i < SAMPLES + RATE; i++) {
        said[i] = voice(i);
    }
    for (unsigned at = 0; at + FRAME <= SAMPLES; at += FRAME) {
        world_step(w);
        memcpy(heard + at, w->out, sizeof w->out);
    }
    /* The first seconds are for getting to know the network. */
    for (unsigned second = 5; second + 1 < SECONDS; second++) {
        lag = lag_of(second * RATE, lag);
        for (unsigned at = second * RATE; at < (second + 1) * RATE; at += FRAME) {
            double part = worth(heard + at, said + at - lag);

            if (part >= 0) {
                sum += part;
                count++;
            }
        }
    }
    *lostp = (double)w->lost / (w->sequence - 100);
    world_destroy(w);
    return sum / count;
}

static bool two_percent(struct world *w)
{
    return world_chance(w, 50) == 0;
}

static bool five_percent(struct world *w)
{
    return world_chance(w, 20) == 0;
}

/* Two or three at once, 5 % in all. */
static bool in_bursts(struct world *w)
{
    static unsigned left;

    if (left > 0) {
        left--;
        return true;
    }
    if (world_chance(w, 50) == 0) {
        left = 1 + world_chance(w, 2);
        return true;
    }
    return false;
}

static uint64_t one_in_ten_behind_the_next(struct world *w)
{
    return world_chance(w, 10) == 0 ? 30 * MS : 0;
}

static uint64_t up_to_100_ms(struct world *w)
{
    return world_chance(w, 100 * MS);
}

static uint64_t up_to_30_ms(struct world *w)
{
    return world_chance(w, 30 * MS);
}

static void a_clean_network_leaves_the_voice_as_it_is(void **state)
{
    double lost;

    (void)state;
    assert_true(score(&(struct network){"clean", NULL, NULL}, &lost) > 0.995);
}

static void what_is_lost_is_concealed_well_enough(void **state)
{
    static const struct {
        struct network network;
        double made_good; /* share of what is lost */
    } cases[] = {
        {{"2 %", NULL, two_percent}, 0.6},
        {{"5 %", NULL, five_percent}, 0.6},
        {{"5 % in bursts", NULL, in_bursts}, 0.4},
        {{"2 % and jitter", up_to_30_ms, two_percent}, 0.4},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        double lost, reached = score(&cases[i].network, &lost);

        print_message("    %s: %.1f %% lost, score %.4f: %.0f %% made good\n",
                      cases[i].network.name, 100 * lost, reached, 100 * (1 - (1 - reached) / lost));
        assert_true(lost > 0.01);
        assert_true(1 - reached < lost * (1 - cases[i].made_good));
    }
}

static void what_only_comes_late_or_in_disorder_is_played_whole(void **state)
{
    static const struct {
        struct network network;
        double least;
    } cases[] = {
        {{"reordering", one_in_ten_behind_the_next, NULL}, 0.99},
        {{"100 ms jitter", up_to_100_ms, NULL}, 0.97},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        double lost, reached = score(&cases[i].network, &lost);

        print_message("    %s: score %.4f\n", cases[i].network.name, reached);
        assert_true(reached > cases[i].least);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_network_leaves_the_voice_as_it_is),
        cmocka_unit_test(what_is_lost_is_concealed_well_enough),
        cmocka_unit_test(what_only_comes_late_or_in_disorder_is_played_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
