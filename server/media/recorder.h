/*
 * Inside the media room: files in which a leg, or buses of a mix, are recorded. Every member says
 * whose it is; a thread of their own writes them (record_disk.c).
 */
#ifndef MEDIA_RECORDER_H
#define MEDIA_RECORDER_H

#include "core/worker.h"
#include "media/clip.h"
#include "media/message.h"
#include "media/mixer.h"
#include "media/record_file.h"
#include "media/ring.h"
#include "media/tape.h"

#include <sys/queue.h>

#define RECORDER_TOO_SLOW "the disk does not keep up"

/* To the disk's thread, and back when all of it is written: a recorder, or a note. */
struct disk_job {
    struct job job; /* first */
    bool is_note;
};

/* A text that is to be a file. */
struct note {
    struct disk_job disk; /* first */
    const char *text;     /* behind the path */
    char path[];
};

struct recorder {
    struct disk_job disk; /* first */

    /* Focus thread. */
    TAILQ_ENTRY(recorder) of_media;
    struct media *media;
    void *user;
    bool is_stopping;
    bool is_returned; /* by its media thread */
    bool is_written;  /* by the disk's */
    bool is_told;
    struct loop_timer *patience;
    struct message add, stop;

    /* Constant. */
    struct section *section;     /* of the leg, or the mix's first one */
    struct leg *leg;             /* NULL: buses are recorded */
    uint64_t buses;              /* of a leg: the one where it speaks; 0: all that it says */
    uint64_t begin;              /* tick of the first sample; 0: as it comes */
    unsigned most, silence_most; /* ticks; 0: no limit */

    /* Media thread. */
    LIST_ENTRY(recorder) of_source;
    bool ended, stop_asked;
    bool is_paused, has_turn;
    uint32_t turn; /* tick in which it pauses next, or goes on; its lower bits */
    uint64_t last_tick, ticks;
    unsigned silent;  /* ticks without speech */
    uint32_t silence; /* ms, not put on the tape yet */
    struct mixer_channel channel;

    /* Shared. */
    struct tape tape;
    atomic_bool failed;        /* the disk's thread cannot write it */
    atomic_bool finished;      /* the tape has all, `tail` ms of silence come behind it */
    _Atomic uint64_t deadline; /* us by the clock: what is on the tape then is given up; 0: none */
    _Atomic unsigned lost;     /* ms that the tape had no room for */
    uint32_t tail;
    struct ring turns; /* such ticks, put in by the focus thread */

    /* Disk's thread until it is written. */
    LIST_ENTRY(recorder) on_disk;
    struct record_file *file;
    unsigned duration; /* ms */
    uint64_t bytes;
    char problem[200];
    char path[PATH_SIZE];
};

/* recorder.c: its part of struct mixing */
int recorder_create(struct mix *mix, const struct record_config *config,
                    struct recorder **recorderp);
void recorder_stop(struct recorder *recorder);
uint64_t recorder_clock(void *media);
int recorder_turn(struct recorder *recorder, uint64_t when);
/* One of its messages has come back. */
void recorder_returned(struct recorder *recorder, enum message_kind kind);
/* The disk's thread has done with it. */
void recorders_done(struct job *job, void *media);
/* The media threads have ended: what they have recorded is all. Nothing is told any more, and the
 * disk has some seconds for the rest. */
void recorders_end(struct media *media);
/* record_disk.c: what the disk's thread runs. */
void recorders_run(struct worker *worker, void *arg);

/* record_note.c */
int note_create(void *media, const char *file, const char *text);
/* The disk's thread. */
void note_write(const struct note *note);
/* It has. */
void note_written(struct note *note);

/* recorder_tick.c, on the media thread */
void recorder_apply_add(struct recorder *recorder, struct media_thread *thread);
void recorder_apply_stop(struct recorder *recorder, struct media_thread *thread);
/* What the leg says in this tick: the thread's frame, at the rate that it is heard at, unless
 * `samples` is NULL. */
void leg_record(struct leg *leg, struct media_thread *thread, const float *samples);
/* What it says on buses, once it has spoken there. */
void leg_record_tracks(struct leg *leg, struct media_thread *thread);
/* What is said on buses, once all have spoken. */
void section_record(struct section *section, struct media_thread *thread);
/* The leg, or the section, goes. */
void leg_end_recorders(struct leg *leg, struct media_thread *thread);
void section_end_recorders(struct section *section, struct media_thread *thread);

#endif
