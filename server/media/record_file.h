/*
 * The file that a recorder writes: mono, 16 kHz, WAV, FLAC or Opus by its name's ending. A WAV file
 * is whole after each write, so that a server that is killed leaves one that can be played; the
 * others are streams, and whole as far as they go.
 *
 * The disk's thread, which may wait for it as long as it takes.
 */
#ifndef MEDIA_RECORD_FILE_H
#define MEDIA_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_RATE = 16000 }; /* Hz */

struct record_file;

/* Whether the name ends as those of files that can be written. */
bool record_file_is_known(const char *path);
/* With its folders. Of a track all is 3 ms late, whatever rate it comes at, so that tracks of
 * several fit together; otherwise what has the file's rate is as it was. NULL: `problem` says why
 * not. */
struct record_file *record_file_create(const char *path, bool is_track, char *problem,
                                       size_t problem_size);
/* These return false, once and for ever, when it cannot be written; `problem` then says why. */
bool record_file_add(struct record_file *file, const int16_t *samples, unsigned count,
                     unsigned rate);
bool record_file_add_silence(struct record_file *file, unsigned ms);
/* What was added is in the file from now on. */
bool record_file_flush(struct record_file *file);
/* What has been written, ms and bytes. */
void record_file_size(const struct record_file *file, unsigned *durationp, uint64_t *bytesp);
/* Closes it. False: the last of it could not be written. NULL is fine. */
bool record_file_close(struct record_file *file);

#endif
