/* The thread that writes down what recorders have on their tapes. */
#include "media/recorder.h"

#include "core/clock.h"
#include "core/log.h"

#include <poll.h>
#include <stdio.h>

enum {
    EVERY_MS = 100, /* a WAV file is that far behind when the server is killed */
    PART_MS = 100,  /* of silence that is written without a look at the clock */
};

LIST_HEAD(recorder_list, recorder);

static void begin(struct recorder *recorder)
{
    bool is_track = recorder->leg != NULL && recorder->buses != 0;

    recorder->file =
        record_file_create(recorder->path, is_track, recorder->problem, sizeof recorder->problem);
    if (recorder->file == NULL) {
        atomic_store_explicit(&recorder->failed, true, memory_order_relaxed);
    }
}

/* The server is to end, which a slow disk may put off by some seconds, not by minutes. */
static void heed_deadline(struct recorder *recorder)
{
    uint64_t deadline = atomic_load_explicit(&recorder->deadline, memory_order_relaxed);

    if (deadline != 0 && clock_us() > deadline && *recorder->problem == '\0') {
        (void)snprintf(recorder->problem, sizeof recorder->problem, RECORDER_TOO_SLOW);
        log_error("recording: %s lacks its end: %s", recorder->path, recorder->problem);
    }
}

static bool is_writable(struct recorder *recorder)
{
    heed_deadline(recorder);
    return recorder->file != NULL && *recorder->problem == '\0';
}

static void add_silence(struct recorder *recorder, unsigned ms)
{
    for (unsigned part; ms > 0 && is_writable(recorder); ms -= part) {
        part = ms < PART_MS ? ms : PART_MS;
        (void)record_file_add_silence(recorder->file, part);
    }
}

/* What is on the tape. Once it cannot be written it is thrown away. */
static void drain(struct recorder *recorder)
{
    struct tape_frame frame;
    int16_t samples[FRAME_MAX];

    while (tape_get(&recorder->tape, &frame, samples)) {
        add_silence(recorder, frame.silence);
        if (frame.count > 0 && is_writable(recorder)) {
            (void)record_file_add(recorder->file, samples, frame.count, frame.rate * 1000U);
        }
    }
    if (recorder->file != NULL && !record_file_flush(recorder->file)) {
        atomic_store_explicit(&recorder->failed, true, memory_order_relaxed);
    }
}

static void end(struct recorder *recorder)
{
    add_silence(recorder, recorder->tail);
    if (recorder->file != NULL) {
        record_file_size(recorder->file, &recorder->duration, &recorder->bytes);
    }
    (void)record_file_close(recorder->file);
    recorder->file = NULL;
}

/* What has been asked for since: recorders join those that are active. */
static void take_jobs(struct worker *worker, struct job *job, struct recorder_list *active)
{
    struct job *next;

    for (; job != NULL; job = next) {
        struct recorder *recorder = (struct recorder *)job;

        next = job_next(job);
        if (((struct disk_job *)job)->is_note) {
            note_write((struct note *)job);
            worker_return(worker, job);
        } else {
            LIST_INSERT_HEAD(active, recorder, on_disk);
            begin(recorder);
        }
    }
}

static void write_all(struct worker *worker, struct recorder_list *active)
{
    struct recorder *recorder, *next;

    for (recorder = LIST_FIRST(active); recorder != NULL; recorder = next) {
        /* Asked before the tape is: what was put before the end is on it by then. */
        bool is_finished = atomic_load_explicit(&recorder->finished, memory_order_acquire);

        next = LIST_NEXT(recorder, on_disk);
        drain(recorder);
        if (is_finished) {
            LIST_REMOVE(recorder, on_disk);
            end(recorder);
            worker_return(worker, &recorder->disk.job);
        }
    }
}

void recorders_run(struct worker *worker, void *arg)
{
    struct recorder_list active = LIST_HEAD_INITIALIZER(active);
    struct pollfd wanted = {.fd = worker_fd(worker), .events = POLLIN};
    struct job *job;

    (void)arg;
    for (;;) {
        if (LIST_EMPTY(&active)) {
            job = worker_wait(worker);
            if (job == NULL) {
                return;
            }
        } else {
            (void)poll(&wanted, 1, EVERY_MS);
            job = worker_take(worker);
        }
        take_jobs(worker, job, &active);
        write_all(worker, &active);
    }
}
