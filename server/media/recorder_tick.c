/* What recorders put on their tapes in each tick. Media thread. */
#include "media/mix.h"
#include "media/recorder.h"
#include "media/thread.h"

#include "media/codec_table.h"

enum { SILENCE_MS = 1000 };

/* ---- its clock ---- */

/* Whether that tick is in the file. Asked about each, in their order. */
static bool is_in_file(struct recorder *recorder, uint64_t tick)
{
    if (!recorder->has_turn) {
        recorder->has_turn = ring_get(&recorder->turns, &recorder->turn);
    }
    while (recorder->has_turn && (int32_t)((uint32_t)tick - recorder->turn) >= 0) {
        recorder->is_paused = !recorder->is_paused;
        recorder->has_turn = ring_get(&recorder->turns, &recorder->turn);
    }
    return tick >= recorder->begin && !recorder->is_paused;
}

/* Ticks before this one that were dropped are silence here, too: all recordings have one clock. */
static void catch_up(struct recorder *recorder, uint64_t tick)
{
    if (recorder->last_tick == 0) {
        recorder->last_tick = (recorder->begin != 0 ? recorder->begin : tick) - 1;
    }
    for (uint64_t missed = recorder->last_tick + 1; missed < tick; missed++) {
        if (is_in_file(recorder, missed)) {
            recorder->silence += FRAME_MS;
            recorder->ticks++;
        }
    }
    recorder->last_tick = tick - 1;
}

/* Whether this tick is in its file. */
static bool take_tick(struct recorder *recorder)
{
    uint64_t tick = recorder->section->last_slot / SLOTS;
    bool is_taken;

    catch_up(recorder, tick);
    is_taken = is_in_file(recorder, tick);
    recorder->last_tick = tick;
    recorder->ticks += is_taken;
    return is_taken;
}

/* ---- beginning and end ---- */

/* Nothing is done with it here any more. */
static void recorder_end(struct recorder *recorder, struct media_thread *thread)
{
    bool stop_asked = recorder->stop_asked;

    if (recorder->last_tick != 0) {
        catch_up(recorder, recorder->section->last_slot / SLOTS + 1);
    }
    recorder->ended = true;
    LIST_REMOVE(recorder, of_source);
    if (recorder->leg == NULL) {
        mixer_channel_leave(&recorder->channel);
    }
    recorder->tail = recorder->silence;
    atomic_store_explicit(&recorder->finished, true, memory_order_release);
    thread_give_back(thread, &recorder->add);
    if (stop_asked) {
        thread_give_back(thread, &recorder->stop);
    }
}

static void listen_to_buses(struct recorder *recorder)
{
    struct mixer *mixer = &recorder->section->mixer;
    struct mixer_route route = {.ticks = 1, .at_once = recorder->buses};

    for (uint64_t buses = recorder->buses; buses != 0; buses &= buses - 1) {
        route.hears[__builtin_ctzll(buses)] = 1;
    }
    mixer_channel_tune(mixer, &recorder->channel, &codec_l16_16000, 0);
    mixer_channel_route(&recorder->channel, &route);
}

void recorder_apply_add(struct recorder *recorder, struct media_thread *thread)
{
    bool is_late = recorder->leg != NULL ? recorder->leg->leaving : recorder->section->leaving;

    if (recorder->leg != NULL && recorder->buses != 0) {
        LIST_INSERT_HEAD(&recorder->leg->tracks, recorder, of_source);
    } else if (recorder->leg != NULL) {
        LIST_INSERT_HEAD(&recorder->leg->recorders, recorder, of_source);
    } else {
        LIST_INSERT_HEAD(&recorder->section->recorders, recorder, of_source);
        listen_to_buses(recorder);
    }
    if (is_late) {
        recorder_end(recorder, thread);
    }
}

void recorder_apply_stop(struct recorder *recorder, struct media_thread *thread)
{
    recorder->stop_asked = true;
    if (recorder->ended) {
        thread_give_back(thread, &recorder->stop);
    } else {
        recorder_end(recorder, thread);
    }
}

/* ---- a tick ---- */

/* The tick's frame. `samples` NULL: silence, which is counted until there is sound again, or more
 * of it than is to be missing when the server is killed. */
static void put(struct recorder *recorder, const int16_t *samples, unsigned rate)
{
    static const int16_t nothing[1];
    struct tape_frame frame = {
        .silence = recorder->silence,
        .rate = (uint16_t)(rate / 1000),
        .count = samples != NULL ? (uint16_t)(rate / 1000 * FRAME_MS) : 0,
    };

    if (samples == NULL) {
        frame.silence += FRAME_MS;
        recorder->silence = frame.silence;
        if (frame.silence >= SILENCE_MS && tape_put(&recorder->tape, &frame, nothing)) {
            recorder->silence = 0;
        }
    } else if (tape_put(&recorder->tape, &frame, samples)) {
        recorder->silence = 0;
    } else {
        recorder->silence += FRAME_MS;
        atomic_store_explicit(
            &recorder->lost, atomic_load_explicit(&recorder->lost, memory_order_relaxed) + FRAME_MS,
            memory_order_relaxed);
    }
}

/* After its frame: whether that was the last. */
static bool is_over(const struct recorder *recorder)
{
    return (recorder->most > 0 && recorder->ticks >= recorder->most) ||
           (recorder->silence_most > 0 && recorder->silent >= recorder->silence_most) ||
           atomic_load_explicit(&recorder->failed, memory_order_relaxed);
}

void leg_record(struct leg *leg, struct media_thread *thread, const float *samples)
{
    unsigned rate = leg->hearing != NULL ? leg->hearing->codec->sample_rate : 8000;
    unsigned count = rate / 1000 * FRAME_MS;
    int16_t linear[FRAME_MAX];
    struct recorder *recorder, *next;

    for (unsigned i = 0; samples != NULL && i < count; i++) {
        linear[i] = (int16_t)codec_linear(thread->frame[i]);
    }
    for (recorder = LIST_FIRST(&leg->recorders); recorder != NULL; recorder = next) {
        next = LIST_NEXT(recorder, of_source);
        if (take_tick(recorder)) {
            put(recorder, samples != NULL ? linear : NULL, rate);
        }
        recorder->silent = leg->level.speaking ? 0 : recorder->silent + 1;
        if (is_over(recorder)) {
            recorder_end(recorder, thread);
        }
    }
}

static void record_track(struct recorder *recorder)
{
    const struct mixer_channel *channel = &recorder->leg->channel;
    unsigned bus = (unsigned)__builtin_ctzll(recorder->buses);
    float said[FRAME_MAX];
    int16_t linear[FRAME_MAX];

    if (!mixer_channel_said(channel, bus, said)) {
        put(recorder, NULL, 0);
        return;
    }
    for (unsigned i = 0; i < channel->plane->frame; i++) {
        linear[i] = (int16_t)codec_linear(said[i]);
    }
    put(recorder, linear, channel->plane->rate);
}

void leg_record_tracks(struct leg *leg, struct media_thread *thread)
{
    struct recorder *recorder, *next;

    for (recorder = LIST_FIRST(&leg->tracks); recorder != NULL; recorder = next) {
        next = LIST_NEXT(recorder, of_source);
        if (take_tick(recorder)) {
            record_track(recorder);
        }
        if (is_over(recorder)) {
            recorder_end(recorder, thread);
        }
    }
}

static void record_buses(struct recorder *recorder)
{
    struct mixer_payload payload;
    int16_t linear[RECORD_RATE / 1000 * FRAME_MS];
    bool is_silent = true;

    mixer_give(&recorder->section->mixer, &recorder->channel, &payload);
    mixer_settle(&recorder->channel);
    for (size_t i = 0; i < payload.size / 2; i++) {
        linear[i] = (int16_t)(payload.data[2 * i] << 8 | payload.data[2 * i + 1]);
        is_silent = is_silent && linear[i] == 0;
    }
    if (take_tick(recorder)) {
        put(recorder, is_silent ? NULL : linear, RECORD_RATE);
    }
}

void section_record(struct section *section, struct media_thread *thread)
{
    struct recorder *recorder, *next;

    for (recorder = LIST_FIRST(&section->recorders); recorder != NULL; recorder = next) {
        next = LIST_NEXT(recorder, of_source);
        record_buses(recorder);
        if (is_over(recorder)) {
            recorder_end(recorder, thread);
        }
    }
}

void leg_end_recorders(struct leg *leg, struct media_thread *thread)
{
    while (!LIST_EMPTY(&leg->recorders)) {
        recorder_end(LIST_FIRST(&leg->recorders), thread);
    }
    while (!LIST_EMPTY(&leg->tracks)) {
        recorder_end(LIST_FIRST(&leg->tracks), thread);
    }
}

void section_end_recorders(struct section *section, struct media_thread *thread)
{
    while (!LIST_EMPTY(&section->recorders)) {
        recorder_end(LIST_FIRST(&section->recorders), thread);
    }
}
