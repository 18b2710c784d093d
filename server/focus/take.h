/*
 * Inside the focus: what is recorded. Focus thread.
 *
 * A recording is a file that is being written. A take is all that is recorded of a conference from
 * one beginning to the end: the file with what all say, the tracks of participants, and a note
 * beside them that tells what they are. All its files have one clock, by which they fit together to
 * the sample; what is paused is in none of them.
 */
#ifndef FOCUS_TAKE_H
#define FOCUS_TAKE_H

#include "focus/focus.h"
#include "ports/mixing.h"

#include <jansson.h>

enum { TRACK_FILE = RECORD_FILE + 48 }; /* bytes with NUL: "board/monday-1-alice.flac" */

struct recording {
    struct focus *focus;
    uint64_t id, visitor; /* of a visitor, who may be gone; or 0 */
    struct take *take;    /* which it is a part of; or NULL */
    json_t *entry;        /* of a track, in the take's note; else NULL */
    struct recorder *recorder;
    struct recording *prev, *next;
    char file[TRACK_FILE];
};

struct take {
    struct focus *focus;
    uint64_t conference;    /* id; it may be gone */
    struct recording *main; /* what all say; NULL: that is over */
    unsigned open;          /* files that are being written */
    unsigned tracks;        /* begun so far */
    bool has_tracks, is_paused;
    unsigned bus;               /* where the participants speak to it */
    uint64_t begin;             /* ms, by the mixer's clock */
    uint64_t paused, paused_at; /* ms in all pauses before this one, and its beginning */
    uint64_t turned;            /* when it begins, pauses or goes on, the last one */
    unsigned duration;          /* ms, once that is over */
    char problem[96];           /* the same; "": none */
    struct loop_timer *late;    /* runs while somebody has no track who is to have one */
    struct loop_timer *untold;  /* runs while the file does not have all of the note */
    json_t *note;
    char file[RECORD_FILE];
};

/* take.c */
/* Records all that is said, pauses, goes on; "": no longer. ENOTCONN: nobody is in it; EALREADY: it
 * is recorded; EEXIST: the file is another's; ENOTSUP: no such kind of file; ENAMETOOLONG,
 * ENOTUNIQ: that name; EOVERFLOW: too many changes at once; others as mixing's record. */
int conference_record(struct conference *conference, const struct decision *decision);
/* Its mix goes. */
void conference_end_recording(struct conference *conference);
/* Somebody is in the mix from now on, or no longer. */
void take_join(struct participant *participant);
void take_leave(struct participant *participant);
void take_file_ended(struct take *take, const struct recording *recording,
                     const struct recorded *recorded);
/* The track with that entry, or what all say (NULL), is not waited for: the server ends. */
void take_forget(struct take *take, json_t *entry);
/* "" when it is gone. */
const char *take_conference_name(const struct take *take);
/* ms that its files have when the mixer's clock is at `when`. */
uint64_t take_position(const struct take *take, uint64_t when);

/* take_note.c: the note, "board/monday.json". */
/* ENOMEM. */
int note_begin(struct take *take, const struct conference *conference,
               const struct decision *decision);
/* A track, from `position` on. Returns its entry; NULL: out of memory. */
json_t *note_track(struct take *take, const struct participant *participant, const char *file,
                   uint64_t position);
void note_track_end(struct take *take, json_t *entry, const struct recorded *recorded);
/* It pauses there, or goes on. */
void note_pause(struct take *take, uint64_t position);
/* What all say is over. */
void note_main_end(struct take *take, const struct recorded *recorded);
/* What is wrong with the track of that entry; NULL: with what all say. */
void note_problem(struct take *take, json_t *entry, const char *problem);
/* All is over. */
void note_end(struct take *take);
/* Its name without folders: all files of a take are beside its note. */
const char *file_base(const char *file);

/* recording.c */
/* Begins what `what` says, to be written as `config` says. EEXIST: somebody else writes that file;
 * ENOTUNIQ: its name is not plain; ENOTSUP: no such kind of file; others as mixing's record. */
int recording_open(struct focus *focus, struct mix *mix, const struct recording *what,
                   struct record_config *config, struct recording **recordingp);
/* NULL: it is over. */
struct recording *recording_find(const struct focus *focus, uint64_t id);
/* NULL is fine. */
void recording_close(struct recording *recording);
/* The server ends, and none is told of any more. */
void recordings_forget(struct focus *focus);
void recording_on_recorded(void *user, const struct recorded *recorded, void *arg);

#endif
