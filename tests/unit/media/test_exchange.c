/* Frames between media threads: whole or not at all, whoever is stopped when. */
#include "media/exchange.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FRAME = 160, TICKS = 20000, READ = 100 };

/* A mixer with one plane of 8000 Hz and one bus. */
static struct mixer *mixer_make(struct mixer_stock *stock)
{
    struct mixer *mixer = calloc(1, sizeof(*mixer));
    struct mixer_supply *supply;

    assert_non_null(mixer);
    assert_int_equal(mixer_supply_create(stock, 8000, 1u << MIX_MAIN, &supply), 0);
    mixer_install(mixer, supply);
    mixer_supply_destroy(supply);
    return mixer;
}

static void mixer_drop(struct mixer *mixer)
{
    mixer_free(mixer);
    free(mixer);
}

static void say(struct mixer *mixer, float value)
{
    float samples[FRAME];

    for (unsigned i = 0; i < FRAME; i++) {
        samples[i] = value;
    }
    mixer_begin(mixer);
    mixer_add(mixer, 0, MIX_MAIN, samples);
}

static void what_one_section_says_is_added_to_what_another_says(void **state)
{
    struct mixer_stock stocks[2] = {0};
    struct mixer *one = mixer_make(&stocks[0]), *other = mixer_make(&stocks[1]);
    struct exchange *exchange = exchange_create();
    const float *said;
    unsigned count = 0;

    (void)state;
    say(one, 0.25F);
    exchange_publish(exchange, 7, one);
    assert_true(exchange_has(exchange, 7));
    assert_false(exchange_has(exchange, 8));
    say(other, 0.5F);
    exchange_read(exchange, 8, other); /* is not there */
    exchange_read(exchange, 7, other);
    said = mixer_said(other, 0, MIX_MAIN, &count);
    assert_int_equal(count, FRAME);
    assert_float_equal(said[0], 0.75, 1e-6);
    assert_float_equal(said[FRAME - 1], 0.75, 1e-6);
    exchange_destroy(exchange);
    mixer_drop(one);
    mixer_drop(other);
}

static void silence_adds_nothing_and_what_is_old_is_gone(void **state)
{
    struct mixer_stock stocks[2] = {0};
    struct mixer *one = mixer_make(&stocks[0]), *other = mixer_make(&stocks[1]);
    struct exchange *exchange = exchange_create();
    unsigned count;

    (void)state;
    say(one, 1);
    exchange_publish(exchange, 1, one);
    mixer_begin(one); /* nobody says anything */
    exchange_publish(exchange, 5, one);
    assert_false(exchange_has(exchange, 1));
    mixer_begin(other);
    exchange_read(exchange, 1, other);
    exchange_read(exchange, 5, other);
    assert_null(mixer_said(other, 0, MIX_MAIN, &count));
    exchange_destroy(exchange);
    mixer_drop(one);
    mixer_drop(other);
}

struct stream {
    struct exchange *exchange;
    _Atomic uint64_t tick;
    atomic_bool over;
    atomic_uint torn, got;
};

/* Reads as fast as it can whatever is newest. */
static void *read_on(void *arg)
{
    struct stream *stream = arg;
    struct mixer_stock stock = {0};
    struct mixer *mixer = mixer_make(&stock);

    while (!stream->over) {
        uint64_t tick = stream->tick;
        const float *said;
        unsigned count;

        mixer_begin(mixer);
        exchange_read(stream->exchange, tick, mixer);
        said = mixer_said(mixer, 0, MIX_MAIN, &count);
        for (unsigned i = 0; said != NULL && i < FRAME; i++) {
            stream->torn += said[i] != (float)tick;
        }
        stream->got += said != NULL;
    }
    mixer_drop(mixer);
    return NULL;
}

static void a_reader_never_gets_a_torn_frame(void **state)
{
    struct mixer_stock stock = {0};
    struct mixer *mixer = mixer_make(&stock);
    struct stream stream = {.exchange = exchange_create()};
    pthread_t readers[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &stream), 0);
    }
    for (uint64_t tick = 1; tick <= TICKS || stream.got < READ; tick++) {
        say(mixer, (float)tick);
        exchange_publish(stream.exchange, tick, mixer);
        stream.tick = tick;
    }
    stream.over = true;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    }
    assert_int_equal(stream.torn, 0);
    exchange_destroy(stream.exchange);
    mixer_drop(mixer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_section_says_is_added_to_what_another_says),
        cmocka_unit_test(silence_adds_nothing_and_what_is_old_is_gone),
        cmocka_unit_test(a_reader_never_gets_a_torn_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
