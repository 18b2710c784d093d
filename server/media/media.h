/*
 * The media side: RTP legs, mixes and the media threads. Implements ports/mixing.h.
 *
 * Used by main only, on the focus thread; the media threads are private to this room.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "core/loop.h"
#include "media/prompt.h"
#include "ports/mixing.h"

struct media;

struct media_config {
    struct loop *loop;                    /* where the events are told */
    struct sockaddr_storage addresses[2]; /* at most one a family; ports ignored */
    unsigned address_count;
    uint16_t port_low, port_high; /* inclusive; RTP even, RTCP the next odd one */
    unsigned threads;             /* 0: one a core */
    bool io_uring;                /* to be used where the kernel has it */
    unsigned section_legs;        /* legs of one mix on a thread before another helps; 0: 250 */
    unsigned overload_late;       /* see media_set_overload */
    unsigned overload_load;
    struct sound_places places; /* of sound files */
    const struct mixing_events *events;
    void *events_arg;
};

/* Starts the threads. EINVAL, ENOMEM, EAGAIN. */
int media_create(const struct media_config *config, struct media **mediap);
/* Stops the threads and frees all that is left. */
void media_destroy(struct media *media);

/* From when on a thread is overloaded, in percent: `late` of a second's slots begin late, `load` of
 * the time is spent working; 0: never mind. */
void media_set_overload(struct media *media, unsigned late, unsigned load);

/* Whether a sound file can be played, as far as its beginning tells; reads the disk. EINVAL:
 * `error` says why not. Needs no media. */
int media_check_sound(const struct sound_places *places, const char *file, char *error,
                      size_t error_size);

/* The table with `media` as context; lives as long as media. */
const struct mixing *media_mixing(struct media *media);

#endif
