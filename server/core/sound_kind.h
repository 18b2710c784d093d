/* The kinds of sound files that prompts are found in and recordings are written to, by the ending
 * of their names. */
#ifndef CORE_SOUND_KIND_H
#define CORE_SOUND_KIND_H

/* In the order in which prompts are looked for. */
enum sound_kind { SOUND_WAV, SOUND_FLAC, SOUND_OGG, SOUND_OPUS, SOUND_KINDS };

/* For people. */
#define SOUND_ENDINGS ".wav, .flac, .opus or .ogg"

/* ".wav" */
const char *sound_ending(enum sound_kind kind);
/* SOUND_KINDS: it is none of these. */
enum sound_kind sound_kind_of(const char *file);

#endif
