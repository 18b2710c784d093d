/* The jitter buffer's timing: delay that follows the network, whatever the network and the
 * sender do. What it sounds like is test_jitter_sound.c. */
#include "jitter_world.h"

static void a_packet_that_came_just_before_the_tick_is_played_in_it(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->index = 5ULL * FRAME;
    world_step(w);
    world_step(w);
    for (unsigned i = 0; i < 10 * SECOND; i++) {
        world_step(w);
        assert_true(world_age(w) == 0);
    }
    struct jitter_stats stats = world_stats(w);
    assert_int_equal(stats.concealed + stats.inserted + stats.removed + stats.late, 0);
    assert_true(jitter_delay(w->jitter) > 0.4F && jitter_delay(w->jitter) < 0.6F);
    world_destroy(w);
}

static void nothing_sent_is_silence(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->is_muted = true;
    for (unsigned i = 0; i < SECOND; i++) {
        world_step(w);
        assert_false(w->is_heard);
        assert_true(w->step == 0);
    }
    assert_int_equal(world_stats(w).concealed, 0);
    world_destroy(w);
}

static void any_packet_length_plays_without_a_gap(void **state)
{
    (void)state;
    static const unsigned lengths[] = {5, 10, 20, 30, 40, 50, 60, 120};
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct world *w = world_create(&index_codec, index_sound);
        w->packet_ms = lengths[i];
        world_run(w, 2 * SECOND);
        uint64_t concealed = world_stats(w).concealed;
        assert_in_range(concealed, 0, 2 * FRAME);
        for (unsigned tick = 0; tick < 10 * SECOND; tick++) {
            world_step(w);
            /* in a long packet the sound waits for its turn, and no longer */
            assert_true(world_age(w) < lengths[i] + FRAME_MS);
        }
        assert_int_equal(world_stats(w).concealed, concealed);
        assert_true(jitter_delay(w->jitter) < FRAME_MS);
        world_destroy(w);
    }
}

static void packet_lengths_may_change_all_the_time(void **state)
{
    (void)state;
    static const unsigned lengths[] = {20, 60, 10, 30, 40};
    struct world *w = world_create(&index_codec, index_sound);
    uint64_t concealed = 0;
    for (unsigned i = 0; i < 30 * SECOND; i++) {
        w->packet_ms = lengths[world_chance(w, 5)];
        world_step(w);
        if (i == 5 * SECOND) {
            concealed = world_stats(w).concealed;
        }
    }
    assert_int_equal(world_stats(w).concealed, concealed);
    assert_true(world_age(w) < 60 + 2 * FRAME_MS);
    world_destroy(w);
}

static uint64_t swap_pairs(struct world *w)
{
    /* every other packet comes 25 ms late, behind its successor, in the same tick as it */
    return w->sequence % 2 ? 0 : 19600;
}

static void packets_out_of_order_and_doubled_are_put_right(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = swap_pairs;
    w->sequence = 65400; /* over the wrap-around of sequence and timestamp */
    w->timestamp = (uint32_t)-FRAME * 140;
    world_run(w, 8);
    struct jitter_stats before = world_stats(w);
    for (unsigned i = 0; i < 4 * SECOND; i++) {
        float last = w->out[FRAME - 1];
        if (w->flight_count > 0 && i % 3 == 0) {
            struct flight copy = w->flights[w->flight_count - 1];
            copy.arrival += 30 * MS; /* the copy of a packet may come when that has been played */
            w->flights[w->flight_count++] = copy;
        }
        world_step(w);
        assert_true(w->out[0] - last == 1.0F / (1 << 20));
        for (unsigned k = 1; k < FRAME; k++) {
            assert_true(w->out[k] - w->out[k - 1] == 1.0F / (1 << 20));
        }
    }
    struct jitter_stats after = world_stats(w);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(world_age(w) <= 2 * FRAME_MS);
    world_destroy(w);
}

static void a_packet_that_is_too_long_is_counted(void **state)
{
    (void)state;
    static const uint8_t payload[(PACKET_MS_MAX + 1) * FRAME / FRAME_MS];
    struct world *w = world_create(&index_codec, index_sound);
    for (unsigned i = 0; i < 5; i++) {
        struct rtp_packet packet = {.sequence = (uint16_t)i,
                                    .timestamp = i * (uint32_t)sizeof payload,
                                    .payload = payload,
                                    .payload_size = sizeof payload};
        jitter_put(w->jitter, &packet, w->tick);
        assert_false(jitter_get(w->jitter, w->tick, w->out));
        assert_int_equal(world_stats(w).unplayable, i + 1);
    }
    world_destroy(w);
}

static void a_packet_of_too_many_bytes_is_counted(void **state)
{
    (void)state;
    static const uint8_t payload[PAYLOAD_MAX + 1];
    struct world *w = world_create(&index_codec, index_sound);
    struct rtp_packet packet = {.payload = payload, .payload_size = sizeof payload};
    jitter_put(w->jitter, &packet, w->tick);
    assert_int_equal(world_stats(w).unplayable, 1);
    world_destroy(w);
}

static void packets_out_of_order_at_the_very_beginning_are_put_right(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    uint8_t payload[FRAME] = {0};
    for (int i = 2; i >= 0; i--) {
        uint32_t first = (uint32_t)i * FRAME;
        memcpy(payload, &first, sizeof first);
        struct rtp_packet packet = {.sequence = (uint16_t)(65535 + i),
                                    .timestamp = first,
                                    .payload = payload,
                                    .payload_size = FRAME};
        jitter_put(w->jitter, &packet, w->tick);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(jitter_get(w->jitter, w->tick, w->out));
        assert_true(w->out[FRAME - 1] == index_sound(i * FRAME + FRAME - 1));
    }
    world_destroy(w);
}

static uint64_t every_tenth_late(struct world *w)
{
    return w->sequence % 10 == 0 ? 30 * MS : 0;
}

static void packets_that_are_late_again_and_again_are_waited_for(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = every_tenth_late;
    world_run(w, 3 * SECOND);
    struct jitter_stats before = world_stats(w);
    world_run(w, 10 * SECOND);
    struct jitter_stats after = world_stats(w);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(world_age(w) <= 50);
    world_destroy(w);
}

/* A day of a sender whose clock is off. Under a sanitizer, which is slow, some hours. */
static void run_a_day(double ppm)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    const unsigned hours = 2;
#else
    const unsigned hours = 24;
#endif
    struct world *w = world_create(&index_codec, index_sound);
    w->sender_ms = 1 + ppm / 1e6;
    double drift = fabs(ppm) / 1e6 * hours * 3600 * RATE; /* samples */
    for (unsigned second = 0; second < hours * 3600; second++) {
        world_run(w, SECOND);
        assert_true(jitter_delay(w->jitter) < 2 * FRAME_MS + 1);
    }
    struct jitter_stats stats = world_stats(w);
    uint64_t followed = ppm > 0 ? stats.inserted - stats.removed : stats.removed - stats.inserted;
    assert_true((double)followed > drift * 0.99 - 4 * FRAME);
    assert_true((double)followed < drift * 1.01 + 4 * FRAME);
    /* and no more stretching than the drift asks for */
    assert_true((double)(stats.inserted + stats.removed) < drift * 1.1 + 8 * FRAME);
    assert_int_equal(stats.late, 0);
    world_destroy(w);
}

static void a_day_of_a_slow_clock_builds_up_no_delay(void **state)
{
    (void)state;
    run_a_day(200);
}

static void a_day_of_a_fast_clock_builds_up_no_delay(void **state)
{
    (void)state;
    run_a_day(-200);
}

static uint64_t up_to_100_ms(struct world *w)
{
    return world_chance(w, 100 * MS);
}

static uint64_t up_to_100_ms_in_order(struct world *w)
{
    uint64_t sent = (uint64_t)w->next_send, arrival = sent + world_chance(w, 100 * MS);
    w->last_arrival = arrival > w->last_arrival ? arrival : w->last_arrival;
    return w->last_arrival - sent;
}

/* Long-tailed, as Wi-Fi is: mostly some milliseconds, now and then much more. */
static uint64_t long_tailed(struct world *w)
{
    return (uint64_t)(-8.0 * MS * log((world_chance(w, 1000000) + 1) / 1e6));
}

static void expect_little_concealment(uint64_t (*delay)(struct world *w), double most_delay)
{
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = delay;
    world_run(w, 10 * SECOND);
    uint64_t concealed = world_stats(w).concealed;
    world_run(w, 60 * SECOND);
    concealed = world_stats(w).concealed - concealed;
    assert_true((double)concealed < 0.01 * 60 * RATE);
    assert_true(jitter_delay(w->jitter) < most_delay);
    world_destroy(w);
}

static void jitter_of_100_ms_conceals_less_than_one_percent(void **state)
{
    (void)state;
    expect_little_concealment(up_to_100_ms, 110);
    expect_little_concealment(up_to_100_ms_in_order, 110);
    expect_little_concealment(long_tailed, 110);
}

static void delay_shrinks_again_when_the_network_is_clean(void **state)
{
    (void)state;
    static float (*const sounds[])(uint64_t) = {index_sound, tone, voice, silence};
    for (unsigned i = 0; i < sizeof sounds / sizeof *sounds; i++) {
        struct world *w = world_create(i == 0 ? &index_codec : pcmu(), sounds[i]);
        w->delay = up_to_100_ms;
        world_run(w, 10 * SECOND);
        assert_true(jitter_delay(w->jitter) > 30);
        w->delay = NULL;
        unsigned ticks = 0;
        while (jitter_delay(w->jitter) > 15) {
            world_step(w);
            assert_in_range(++ticks, 1, 8 * SECOND);
        }
        print_message("    shrunk to 15 ms in %.1f s\n", ticks / (double)SECOND);
        world_destroy(w);
    }
}

static bool in_bursts(struct world *w)
{
    /* some 5 % are lost, in bursts of up to five */
    return w->sequence % 97 < 1 + w->sequence / 97 % 5 || world_chance(w, 50) == 0;
}

static void bursts_of_loss_build_up_no_delay(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->lose = in_bursts;
    world_run(w, 60 * SECOND);
    w->lose = NULL;
    world_run(w, 2);
    assert_true(world_age(w) <= 1);
    assert_true(w->lost > 120);
    struct jitter_stats stats = world_stats(w);
    assert_in_range(stats.concealed, w->lost * FRAME / 2, w->lost * FRAME);
    assert_int_equal(stats.inserted + stats.late, 0);
    world_destroy(w);
}

static uint64_t stall_until; /* µs: what is sent before comes then */

static uint64_t stalled(struct world *w)
{
    return (uint64_t)w->next_send < stall_until ? stall_until - (uint64_t)w->next_send : 0;
}

static void a_short_stall_is_played_late_and_made_up_for(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = stalled;
    world_run(w, SECOND);
    stall_until = w->tick + 190 * MS;
    world_run(w, 11);
    assert_true(world_age(w) > 150 && world_age(w) < 201);
    world_run(w, 8 * SECOND);
    assert_true(world_age(w) < 15);
    assert_int_equal(world_stats(w).late, 0);
    world_destroy(w);
}

static void a_long_stall_does_not_become_delay(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = stalled;
    world_run(w, SECOND);
    stall_until = w->tick + 3000 * MS;
    world_run(w, 3 * SECOND + 1);
    for (unsigned i = 0; i < 8 * SECOND; i++) {
        world_step(w);
        assert_true(world_age(w) <= 400);
    }
    assert_true(world_age(w) < 15);
    world_destroy(w);
}

static void send_noise(struct world *w)
{
    struct flight *flight = world_launch(w, w->tick);
    flight->is_noise = true;
    flight->packet.payload_type = 13;
    flight->payload[0] = 60;
    flight->packet.payload_size = 1;
    w->sequence++;
}

static void a_pause_told_by_another_clock_is_no_loss(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    world_run(w, SECOND);
    for (unsigned key = 0; key < 20; key++) {
        uint64_t concealed = world_stats(w).concealed;
        w->is_muted = true;
        for (unsigned i = 0; i < 8; i++) { /* each packet of a key */
            jitter_pause(w->jitter, w->sequence++);
            world_step(w);
            assert_false(i > 0 && w->is_heard);
        }
        w->is_muted = false;
        world_run(w, SECOND);
        assert_true(world_age(w) == 0);
        assert_int_equal(world_stats(w).concealed, concealed);
    }
    /* that the sender goes on is no harm either; and what is far off is not believed */
    struct jitter_stats before = world_stats(w);
    for (unsigned i = 0; i < 20; i++) {
        jitter_pause(w->jitter, w->sequence++);
        world_step(w);
        jitter_pause(w->jitter, (uint16_t)(w->sequence + 5000));
        jitter_pause(w->jitter, (uint16_t)(w->sequence - 1));
        world_run(w, 2);
    }
    assert_true(w->is_heard && world_age(w) <= 20);
    assert_int_equal(world_stats(w).concealed, before.concealed);
    world_destroy(w);
}

static void comfort_noise_is_silence_and_no_loss(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    for (unsigned spurt = 0; spurt < 20; spurt++) {
        world_run(w, SECOND);
        assert_true(world_age(w) == 0);
        w->is_muted = true;
        send_noise(w);
        world_step(w);
        for (unsigned i = 0; i < 2 * SECOND; i++) {
            if (i % 10 == 0) {
                send_noise(w);
            }
            world_step(w);
            assert_false(w->is_heard);
        }
        w->is_muted = false;
        w->marker = true;
        world_step(w);
        assert_true(w->is_heard);
    }
    assert_int_equal(world_stats(w).concealed, 0);
    world_destroy(w);
}

static void a_timestamp_that_skips_ahead_is_silence_and_no_loss(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    world_run(w, SECOND);
    w->timestamp += 30 * RATE / 1000; /* the sequence goes on: nothing is missing */
    world_run(w, SECOND);
    assert_int_equal(world_stats(w).concealed, 0);
    world_destroy(w);
}

static void a_pause_is_used_to_set_the_delay_right(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->packet_ms = 25; /* asks for more delay than packets of a tick's length */
    world_run(w, 2 * SECOND);
    w->packet_ms = 20;
    world_run(w, 10 * SECOND);
    assert_true(world_age(w) > 1); /* not enough to cut it out of sound */
    struct jitter_stats before = world_stats(w);
    w->is_muted = true;
    world_run(w, SECOND);
    w->is_muted = false;
    world_run(w, 2);
    struct jitter_stats after = world_stats(w);
    assert_true(world_age(w) == 0);
    assert_int_equal(after.removed, before.removed);
    world_destroy(w);
}

static void a_pause_in_sending_costs_nothing_afterwards(void **state)
{
    (void)state;
    static const unsigned pauses[] = {3, 40, 60 * SECOND};
    for (unsigned clock_stops = 0; clock_stops < 2; clock_stops++) {
        for (unsigned i = 0; i < sizeof pauses / sizeof *pauses; i++) {
            struct world *w = world_create(&index_codec, index_sound);
            world_run(w, 5 * SECOND);
            w->is_muted = true;
            uint32_t timestamp = w->timestamp;
            world_run(w, pauses[i]);
            assert_true(pauses[i] < 5 || !w->is_heard);
            w->is_muted = false;
            if (clock_stops) {
                w->timestamp = timestamp;
            }
            w->marker = true;
            world_step(w);
            assert_true(w->is_heard);
            assert_true(world_age(w) == 0);
            world_run(w, 10 * SECOND);
            assert_true(world_age(w) == 0);
            assert_int_equal(world_stats(w).late, 0);
            world_destroy(w);
        }
    }
}

static void a_jump_in_timestamps_is_followed(void **state)
{
    (void)state;
    static const uint32_t jumps[] = {0x12345678, 0x80000000, (uint32_t)-160000, 40000, 1000000};
    struct world *w = world_create(&index_codec, index_sound);
    for (unsigned i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        world_run(w, SECOND);
        assert_true(world_age(w) == 0);
        w->timestamp += jumps[i];
        world_run(w, 3);
        assert_true(world_age(w) == 0);
    }
    world_destroy(w);
}

static void a_jump_in_sequence_numbers_is_followed(void **state)
{
    (void)state;
    static const uint16_t jumps[] = {70, 2900, 30000, (uint16_t)-10, (uint16_t)-90};
    struct world *w = world_create(&index_codec, index_sound);
    for (unsigned i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        world_run(w, SECOND);
        w->sequence = (uint16_t)(w->sequence + jumps[i]);
        world_run(w, 20);
        assert_true(world_age(w) == 0);
    }
    world_destroy(w);
}

static void a_reset_plays_the_new_sender_at_once(void **state)
{
    (void)state;
    struct world *w = world_create(&index_codec, index_sound);
    w->delay = up_to_100_ms;
    world_run(w, 5 * SECOND);
    w->delay = NULL;
    w->flight_count = 0;
    w->sequence = 5;
    w->timestamp = 77;
    jitter_reset(w->jitter, &index_codec, NULL);
    world_step(w);
    assert_true(world_age(w) == 0);
    world_run(w, SECOND);
    assert_true(world_age(w) == 0);
    world_destroy(w);
}

static void a_sender_that_floods_builds_up_no_delay(void **state)
{
    (void)state;
    static const double paces[] = {0.9, 0.5, 0.1}; /* real time that a packet's sound takes */
    for (unsigned i = 0; i < sizeof paces / sizeof *paces; i++) {
        struct world *w = world_create(&index_codec, index_sound);
        w->sender_ms = paces[i];
        for (unsigned tick = 0; tick < 30 * SECOND; tick++) {
            world_step(w);
            assert_true(world_age(w) <= 400);
        }
        w->sender_ms = 1;
        world_run(w, 10 * SECOND);
        assert_true(world_age(w) < 15 + FRAME_MS);
        world_destroy(w);
    }
}

static void put_rubbish(struct world *w)
{
    static uint8_t payload[PAYLOAD_MAX + 100];
    bool is_near = world_chance(w, 2);
    struct rtp_packet packet = {
        .sequence = (uint16_t)(is_near ? w->sequence + world_chance(w, 200) : w->chance >> 9),
        .timestamp = is_near ? w->timestamp + world_chance(w, 20000) - 10000 : w->chance,
        .payload = payload,
        .payload_size = world_chance(w, 4) ? world_chance(w, 200) : world_chance(w, 1500),
    };
    if (world_chance(w, 10) == 0) {
        jitter_noise(w->jitter, &packet, w->tick);
    } else {
        jitter_put(w->jitter, &packet, w->tick);
    }
}

static void rubbish_does_no_lasting_harm(void **state)
{
    (void)state;
    struct world *w = world_create(pcmu(), tone);
    for (unsigned round = 0; round < 50; round++) {
        w->is_muted = world_chance(w, 2);
        for (unsigned i = 0; i < 2 * SECOND; i++) {
            for (unsigned n = world_chance(w, 20); n > 0; n--) {
                put_rubbish(w);
            }
            world_step(w);
        }
        w->is_muted = false;
        world_run(w, 10 * SECOND);
        uint64_t concealed = world_stats(w).concealed;
        world_run(w, SECOND);
        assert_int_equal(world_stats(w).concealed, concealed);
        assert_true(w->is_heard);
        assert_true(jitter_delay(w->jitter) < 2 * FRAME_MS);
    }
    world_destroy(w);
}

static void a_codec_whose_clock_is_not_its_sample_rate_keeps_time(void **state)
{
    (void)state;
    /* like G.722: two samples per unit of the timestamp */
    struct codec wide = index_codec;
    wide.sample_rate = 2 * RATE;
    struct jitter *jitter = jitter_create(&wide, NULL);
    float samples[2 * FRAME], expected = 0;
    for (unsigned i = 0; i < 10 * SECOND; i++) {
        uint8_t payload[2 * FRAME] = {0};
        uint32_t first = i * 2 * FRAME;
        memcpy(payload, &first, sizeof first);
        struct rtp_packet packet = {.sequence = (uint16_t)i,
                                    .timestamp = i * FRAME,
                                    .payload = payload,
                                    .payload_size = sizeof payload};
        jitter_put(jitter, &packet, 1000 + i * 20000ULL);
        assert_true(jitter_get(jitter, 1000 + i * 20000ULL, samples));
        expected = (float)(first % (1 << 20) + 2 * FRAME - 1) / (1 << 20);
        assert_true(samples[2 * FRAME - 1] == expected);
    }
    struct jitter_stats stats;
    jitter_stats(jitter, &stats);
    assert_int_equal(stats.concealed + stats.inserted + stats.removed, 0);
    jitter_destroy(jitter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_that_came_just_before_the_tick_is_played_in_it),
        cmocka_unit_test(nothing_sent_is_silence),
        cmocka_unit_test(any_packet_length_plays_without_a_gap),
        cmocka_unit_test(packet_lengths_may_change_all_the_time),
        cmocka_unit_test(packets_out_of_order_and_doubled_are_put_right),
        cmocka_unit_test(a_packet_that_is_too_long_is_counted),
        cmocka_unit_test(a_packet_of_too_many_bytes_is_counted),
        cmocka_unit_test(packets_out_of_order_at_the_very_beginning_are_put_right),
        cmocka_unit_test(packets_that_are_late_again_and_again_are_waited_for),
        cmocka_unit_test(a_day_of_a_slow_clock_builds_up_no_delay),
        cmocka_unit_test(a_day_of_a_fast_clock_builds_up_no_delay),
        cmocka_unit_test(jitter_of_100_ms_conceals_less_than_one_percent),
        cmocka_unit_test(delay_shrinks_again_when_the_network_is_clean),
        cmocka_unit_test(bursts_of_loss_build_up_no_delay),
        cmocka_unit_test(a_short_stall_is_played_late_and_made_up_for),
        cmocka_unit_test(a_long_stall_does_not_become_delay),
        cmocka_unit_test(a_pause_told_by_another_clock_is_no_loss),
        cmocka_unit_test(comfort_noise_is_silence_and_no_loss),
        cmocka_unit_test(a_timestamp_that_skips_ahead_is_silence_and_no_loss),
        cmocka_unit_test(a_pause_is_used_to_set_the_delay_right),
        cmocka_unit_test(a_pause_in_sending_costs_nothing_afterwards),
        cmocka_unit_test(a_jump_in_timestamps_is_followed),
        cmocka_unit_test(a_jump_in_sequence_numbers_is_followed),
        cmocka_unit_test(a_reset_plays_the_new_sender_at_once),
        cmocka_unit_test(a_sender_that_floods_builds_up_no_delay),
        cmocka_unit_test(rubbish_does_no_lasting_harm),
        cmocka_unit_test(a_codec_whose_clock_is_not_its_sample_rate_keeps_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
