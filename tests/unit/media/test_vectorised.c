/* Loops that are compiled into vector instructions, beside a plain twin of each: bit by bit the
 * same, at every length and alignment. (G.711's twins are in test_g711.c.) */
#include "media/mixer_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH = 100, SHIFTS = 9 };

/* One at a time: `volatile` keeps the compiler from doing more. */
static void add_scaled_plain(float *to, const float *from, unsigned count, float first, float last)
{
    float step = (last - first) / (float)count;

    for (unsigned i = 0; i < count; i++) {
        volatile float gain = first == last ? first : first + step * (float)(i + 1);
        volatile float scaled = from[i] * gain;

        to[i] += scaled;
    }
}

/* The same in each run. */
static float noise(void)
{
    static uint32_t state = 1;

    state = state * 1664525U + 1013904223U;
    return (float)(state >> 8) / (float)(1U << 23) - 1;
}

static void sums_are_those_of_the_plain_twin(void **state)
{
    static const float gains[][2] = {{1, 1}, {0.3F, 0.3F}, {0, 1}, {1, 0}, {-0.7F, 0.2F}};
    float from[LENGTH + SHIFTS], one[LENGTH + SHIFTS], other[LENGTH + SHIFTS];

    (void)state;
    for (unsigned turn = 0; turn < 5 * SHIFTS * LENGTH; turn++) {
        unsigned shift = turn % SHIFTS, count = 1 + turn / SHIFTS % LENGTH;
        const float *gain = gains[turn % 5];

        for (unsigned i = 0; i < LENGTH + SHIFTS; i++) {
            from[i] = noise();
            one[i] = other[i] = noise();
        }
        add_scaled(one + shift, from + shift, count, gain[0], gain[1]);
        add_scaled_plain(other + shift, from + shift, count, gain[0], gain[1]);
        assert_memory_equal(one, other, sizeof(one));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_are_those_of_the_plain_twin)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
