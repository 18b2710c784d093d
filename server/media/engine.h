/*
 * Inside the media room: the whole of it, as the focus thread has it. What it and the media threads
 * tell each other is in message.h and thread.h. Nobody outside this folder includes this, nor the
 * other headers that say "inside the media room".
 */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include "core/loop.h"
#include "core/worker.h"
#include "media/media.h"
#include "media/mix.h"
#include "media/sockets.h"

#include <sys/queue.h>

struct media {
    struct mixing mixing;
    struct loop *loop;
    const struct mixing_events *events;
    void *events_arg;
    unsigned address_count;
    struct sockets sockets[2];
    struct mix_list mixes;
    struct leg_list legs;
    struct loop_timer *flush_timer;
    struct clips *clips;
    struct worker *disk; /* writes what is recorded */
    TAILQ_HEAD(, recorder) recorders_open;
    bool io_uring;
    unsigned section_legs;
    struct loop_timer *watch_timer; /* runs while there are legs */
    unsigned watch_turn;
    _Atomic unsigned overload_late, overload_load; /* percent; set on the focus thread */
    unsigned thread_count;
    struct media_thread *threads;
};

/* leg_quality.c */
/* Begins to judge the legs' quality every few seconds, as long as there are legs. */
void media_watch(struct media *media);

#endif
