/*
 * A recording to be played: mono, in memory, at each rate that mixes have, shared by all players
 * that play it at the same time.
 *
 * Files are read by a thread of their own, since a disk may be slow: WAV, FLAC, Ogg and whatever
 * else libsndfile knows. Samples never change once they are read. Focus thread, but for
 * clip_samples.
 */
#ifndef MEDIA_CLIP_H
#define MEDIA_CLIP_H

#include "core/loop.h"
#include "media/prompt.h"

#include <stddef.h>
#include <stdint.h>

enum { PATH_SIZE = 4096 }; /* bytes with NUL of a file's name */

struct clip;
struct clips;

/* `places` are copied. `on_read`: the clip's file has been read, or cannot be. ENOMEM, EMFILE. */
int clips_create(struct loop *loop, const struct sound_places *places,
                 void (*on_read)(struct clip *clip, void *arg), void *arg, struct clips **clipsp);
/* No clip is open any more. */
void clips_destroy(struct clips *clips); /* NULL is fine */

/* Where a recording is, by its name below those. */
void clips_place_recording(const struct clips *clips, const char *file, char path[PATH_SIZE]);

/* The clip of that file, or of that prompt in that language (NULL or "": the places'), which may be
 * there already; on_read comes for it when it is not. Of a folder ("music/") it is the first file
 * that can be played; `shuffle`: in an order of chance, which is the same until the end of the
 * clips. ENOMEM, EAGAIN. */
int clip_open(struct clips *clips, const char *language, const char *file, bool shuffle,
              struct clip **clipp);
/* Whether it is of a folder, and so another one comes after it. */
bool clip_goes_on(const struct clip *clip);
/* That one; `clip` has been read. As clip_open. */
int clip_open_next(const struct clip *clip, struct clip **clipp);
void clip_close(struct clip *clip); /* NULL is fine */
bool clip_is_read(const struct clip *clip);
/* Why it cannot be played; NULL when it can, or is not read yet. */
const char *clip_problem(const struct clip *clip);

/* Its samples at a mix's rate, 32768 is full scale. Any thread, once it has been read. NULL: it has
 * none at this rate. */
const int16_t *clip_samples(const struct clip *clip, unsigned rate, size_t *countp);

/* Whether the file can be played, as far as its beginning tells. EINVAL: `error` says why not. */
int clip_check(const struct sound_places *places, const char *file, char *error, size_t error_size);

#endif
