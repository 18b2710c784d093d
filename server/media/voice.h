/*
 * What is done to a leg's voice between its jitter buffer and the mix, as media policy asks for it:
 * key tones are found and taken out, then the voice is enhanced.
 *
 * Made and freed on the focus thread, run by one media thread. A leg without it pays nothing; with
 * it the voice is 10 ms late for each of the two.
 */
#ifndef MEDIA_VOICE_H
#define MEDIA_VOICE_H

#include "ports/mixing.h"

struct voice;

/* `rate`: the leg's samples, Hz. `tones`: key tones are to be found. NULL: out of memory. */
struct voice *voice_create(unsigned rate, const struct leg_voice *wish, bool tones);
void voice_destroy(struct voice *voice); /* NULL is fine */

/* What it has learned so far goes on in the voice that takes its place. */
void voice_inherit(struct voice *voice, const struct voice *before);

/* Works on FRAME_MS of samples at `rate`, in place; other rates are left alone. `is_heard`: they
 * are more than zeros. Returns whether what comes out is. */
bool voice_run(struct voice *voice, unsigned rate, float *samples, bool is_heard);
/* Whether the last frame had a voice in it. Without voice detection anything is one. */
bool voice_is_speech(const struct voice *voice);
/* The key whose tone has ended in the last frame; 0: none. */
char voice_take_key(struct voice *voice, unsigned *durationp);

#endif
