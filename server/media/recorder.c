/*
 * Recorders: what a leg says, or what is said on buses of a mix, into a file. A media thread puts
 * its frames on a tape, and the disk's thread (record_disk.c) writes them down: a slow disk costs
 * sound in the file, which is counted and has silence in its place, and never a tick.
 */
#include "media/recorder.h"
#include "media/engine.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/thread.h"

#include "media/codec_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 3000, /* for a disk that has not written the last yet */
};

/* ---- focus thread ---- */

static void recorder_free(struct recorder *recorder)
{
    loop_timer_stop(&recorder->patience);
    TAILQ_REMOVE(&recorder->media->recorders_open, recorder, of_media);
    free(recorder);
}

static void recorder_tell(struct recorder *recorder, const char *problem)
{
    const struct mixing_events *events = recorder->media->events;
    struct recorded recorded = {
        .problem = problem,
        .duration = recorder->is_written ? recorder->duration : 0,
        .bytes = recorder->is_written ? recorder->bytes : 0,
        .lost = atomic_load_explicit(&recorder->lost, memory_order_relaxed),
    };

    if (!recorder->is_told) {
        recorder->is_told = true;
        loop_timer_stop(&recorder->patience);
        events->on_recorded(recorder->user, &recorded, recorder->media->events_arg);
    }
}

/* The disk hangs: who waits for the file does so no longer. */
static void on_patience(void *arg)
{
    recorder_tell(arg, "the disk does not keep up");
}

static void recorder_over(struct recorder *recorder)
{
    if (recorder->is_returned && recorder->is_written) {
        recorder_tell(recorder, *recorder->problem != '\0' ? recorder->problem : NULL);
        recorder_free(recorder);
    }
}

void recorder_written(struct job *job, void *arg)
{
    struct recorder *recorder = (struct recorder *)job;

    (void)arg;
    recorder->is_written = true;
    recorder_over(recorder);
}

void recorder_returned(struct recorder *recorder, enum message_kind kind)
{
    /* Who is asked to stop gives back both messages, that one last. */
    if (kind == MESSAGE_RECORDER_ADD && recorder->is_stopping) {
        return;
    }
    recorder->is_returned = true;
    /* Without memory for the timer it waits for the disk. */
    (void)loop_timer_start(recorder->media->loop, &recorder->patience, PATIENCE_MS, on_patience,
                           recorder);
    recorder_over(recorder);
}

static void recorder_prepare(struct recorder *recorder, struct mix *mix,
                             const struct record_config *config)
{
    struct leg *leg = config->leg;

    recorder->media = mix->media;
    recorder->leg = leg;
    recorder->section = leg != NULL ? leg->section : mix->sections[0];
    recorder->user = config->user;
    recorder->buses = config->buses;
    recorder->most = config->most / FRAME_MS;
    recorder->silence_most = config->silence / FRAME_MS;
    recorder->add =
        (struct message){.kind = MESSAGE_RECORDER_ADD, .recorder = recorder, .leg = leg};
    recorder->stop = (struct message){.kind = MESSAGE_RECORDER_STOP, .recorder = recorder};
    mixer_channel_init(&recorder->channel);
}

int recorder_create(struct mix *mix, const struct record_config *config,
                    struct recorder **recorderp)
{
    struct media *media = mix->media;
    struct recorder *recorder;
    int err = 0;

    loop_assert_thread(media->loop);
    if (!record_file_is_known(config->file)) {
        return EINVAL;
    }
    if (config->leg != NULL && config->leg->home != config->leg->section) {
        return EINPROGRESS;
    }
    recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) {
        return ENOMEM;
    }
    recorder_prepare(recorder, mix, config);
    (void)snprintf(recorder->path, sizeof recorder->path, "%s%s%s", media->recordings,
                   *media->recordings != '\0' ? "/" : "", config->file);
    if (config->leg == NULL) {
        err = mix_supply(recorder->section, &codec_l16_16000, config->buses, false);
    }
    if (err == 0) {
        err = worker_post(media->disk, &recorder->job);
    }
    if (err != 0) {
        free(recorder);
        return err;
    }
    TAILQ_INSERT_TAIL(&media->recorders_open, recorder, of_media);
    media_post(media, recorder->section->thread, &recorder->add);
    *recorderp = recorder;
    return 0;
}

void recorder_stop(struct recorder *recorder)
{
    loop_assert_thread(recorder->media->loop);
    if (!recorder->is_stopping && !recorder->is_returned) {
        recorder->is_stopping = true;
        media_post(recorder->media, recorder->section->thread, &recorder->stop);
    }
}

void recorders_end(struct media *media)
{
    struct recorder *recorder;

    /* Their threads are gone: nobody else will say that this is all. */
    TAILQ_FOREACH(recorder, &media->recorders_open, of_media)
    {
        recorder->is_told = true;
        recorder->is_returned = true;
        atomic_store_explicit(&recorder->finished, true, memory_order_release);
    }
}

/* ---- media thread ---- */

/* Nothing is done with it here any more. */
static void recorder_end(struct recorder *recorder, struct media_thread *thread)
{
    bool stop_asked = recorder->stop_asked;

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

    if (recorder->leg != NULL) {
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

/* The tick's frame. `samples` NULL: silence, which is only counted until there is sound again. */
static void put(struct recorder *recorder, const int16_t *samples, unsigned rate)
{
    struct tape_frame frame = {
        .silence = recorder->silence,
        .rate = (uint16_t)(rate / 1000),
        .count = (uint16_t)(rate / 1000 * FRAME_MS),
    };

    if (samples == NULL) {
        recorder->silence += FRAME_MS;
    } else if (tape_put(&recorder->tape, &frame, samples)) {
        recorder->silence = 0;
    } else {
        recorder->silence += FRAME_MS;
        atomic_store_explicit(
            &recorder->lost, atomic_load_explicit(&recorder->lost, memory_order_relaxed) + FRAME_MS,
            memory_order_relaxed);
    }
}

/* Ticks that were dropped are silence here, too: all recordings have one clock. */
static void catch_up(struct recorder *recorder)
{
    uint64_t tick = recorder->section->last_slot / SLOTS;
    uint64_t missed = recorder->last_tick != 0 ? tick - recorder->last_tick - 1 : 0;

    recorder->last_tick = tick;
    recorder->silence += (uint32_t)missed * FRAME_MS;
    recorder->ticks += missed + 1;
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
        catch_up(recorder);
        put(recorder, samples != NULL ? linear : NULL, rate);
        recorder->silent = leg->level.speaking ? 0 : recorder->silent + 1;
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
    put(recorder, is_silent ? NULL : linear, RECORD_RATE);
}

void section_record(struct section *section, struct media_thread *thread)
{
    struct recorder *recorder, *next;

    for (recorder = LIST_FIRST(&section->recorders); recorder != NULL; recorder = next) {
        next = LIST_NEXT(recorder, of_source);
        catch_up(recorder);
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
}

void section_end_recorders(struct section *section, struct media_thread *thread)
{
    while (!LIST_EMPTY(&section->recorders)) {
        recorder_end(LIST_FIRST(&section->recorders), thread);
    }
}
