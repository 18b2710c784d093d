/*
 * Recorders: what a leg says, or what is said on buses of a mix, into a file. A media thread puts
 * its frames on a tape (recorder_tick.c), and the disk's thread writes them down (record_disk.c): a
 * slow disk costs sound in the file, which is counted and has silence in its place, and never a
 * tick. Focus thread.
 */
#include "media/recorder.h"
#include "media/engine.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/thread.h"

#include "core/clock.h"
#include "media/codec_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 3000, /* for a disk that has not written the last yet */
};

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
    recorder_tell(arg, RECORDER_TOO_SLOW);
}

static void recorder_over(struct recorder *recorder)
{
    if (recorder->is_returned && recorder->is_written) {
        recorder_tell(recorder, *recorder->problem != '\0' ? recorder->problem : NULL);
        recorder_free(recorder);
    }
}

void recorders_done(struct job *job, void *arg)
{
    struct disk_job *done = (struct disk_job *)job;

    (void)arg;
    if (done->is_note) {
        note_written((struct note *)job);
        return;
    }
    ((struct recorder *)job)->is_written = true;
    recorder_over((struct recorder *)job);
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
    recorder->begin = config->begin / FRAME_MS;
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
    clips_place_recording(media->clips, config->file, recorder->path);
    if (config->leg == NULL) {
        err = mix_supply(recorder->section, &codec_l16_16000, config->buses, false);
    }
    if (err == 0) {
        err = worker_post(media->disk, &recorder->disk.job);
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

uint64_t recorder_clock(void *ctx)
{
    (void)ctx;
    return clock_us() / (SLOT_US * SLOTS) * FRAME_MS;
}

int recorder_turn(struct recorder *recorder, uint64_t when)
{
    return ring_put(&recorder->turns, (uint32_t)(when / FRAME_MS)) ? 0 : EAGAIN;
}

void recorders_end(struct media *media)
{
    uint64_t deadline = clock_us() + PATIENCE_MS * UINT64_C(1000);
    struct recorder *recorder;

    /* Their threads are gone: nobody else will say that this is all. */
    TAILQ_FOREACH(recorder, &media->recorders_open, of_media)
    {
        recorder->is_told = true;
        recorder->is_returned = true;
        atomic_store_explicit(&recorder->deadline, deadline, memory_order_relaxed);
        atomic_store_explicit(&recorder->finished, true, memory_order_release);
    }
}
