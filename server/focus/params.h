/*
 * The parameters of requests and verdicts (struct request_params), by one table: what they are
 * called, what they may be, and which mean something to which verb. Plain data, any thread. Used by
 * whoever takes, shows or keeps them.
 */
#ifndef FOCUS_PARAMS_H
#define FOCUS_PARAMS_H

#include "focus/request.h"

enum {
    PARAM_ROLE,
    PARAM_MUTED,
    PARAM_LOCKED,
    PARAM_TITLE,
    PARAM_POLICY,
    PARAM_REASON,
    PARAM_AGC,
    PARAM_DENOISE,
    PARAM_VAD,
    PARAM_SPEAKS,
    PARAM_HEARS,
    PARAM_FILE,
    PARAM_GAIN,
    PARAM_LOOP,
    PARAM_INTERRUPT,
    PARAM_DUCK,
    PARAM_BUS,
    PARAM_ANONYMOUS,
    PARAM_HIDDEN,
    PARAM_VIEW,
    PARAM_EMPTY_TIMEOUT,
    PARAM_DURATION,
    PARAM_WARNING,
    PARAM_ENDS_WITH_CREATOR,
    PARAM_HIDE_FOCUS,
    PARAM_HELD,
    PARAM_DIRECTION,
    PARAM_CODECS,
    PARAM_PIN,
    PARAM_DISPLAY_NAME,
    PARAM_MAY_SPEAK,
    PARAM_FLOOR,
    PARAM_APPROVED,
    PARAM_BACKGROUND,
    PARAM_SHOWN,
    PARAM_ATTENDANT,
    PARAM_SPOKEN_NAME,
    PARAM_RELAY,
    PARAM_TRACKS,
    PARAM_PAUSED,
    PARAM_AFTER,
    PARAM_LANGUAGE,
    PARAM_HOLD_MUSIC,
    PARAM_HOLD_MUSIC_SOFTER,
    PARAM_HOLD_MUSIC_SHUFFLE,
    PARAM_CONFIRM,
    PARAM_COUNT, /* at most 64 */
};

/* Some of them, one bit for each: PARAM(ROLE) | PARAM(MUTED) */
typedef uint64_t param_set;
#define PARAM(name) ((param_set)1 << PARAM_##name)
#define PARAM_ALL (~(param_set)0 >> (64 - PARAM_COUNT))

enum param_kind {
    KIND_TEXT,
    KIND_FILES,    /* PLAY_NEXT between them; told as a list if there are several */
    KIND_QUESTION, /* the same; told as false if there are none */
    KIND_FLAG,
    KIND_UNLESS,     /* told as true when the field is false, which is what it begins with */
    KIND_NUMBER,     /* float */
    KIND_TIME,       /* told in seconds; the field is unsigned, ms */
    KIND_BACKGROUND, /* float, dB; told as false when it is off */
    KIND_VIEW,
    KIND_SHOWN,
    KIND_DIRECTION,
    KIND_CODECS,
    KIND_POLICIES,
    KIND_LANGUAGE,
    KIND_FILE, /* one, or a folder */
};

struct param {
    const char *name;
    enum param_kind kind;
    size_t offset, size; /* in struct request_params */
    float lowest, most;  /* of a number or time */
};

/* The field is a text. */
static inline bool param_is_text(const struct param *param)
{
    return param->kind == KIND_TEXT || param->kind == KIND_FILES || param->kind == KIND_QUESTION ||
           param->kind == KIND_CODECS || param->kind == KIND_POLICIES ||
           param->kind == KIND_LANGUAGE || param->kind == KIND_FILE;
}

/* PARAM_… */
const struct param *param_at(unsigned index);
/* Those that mean something to the verb. */
param_set verb_params(enum verb verb);
/* The name of the first of them. */
const char *param_name(param_set which);
/* Names by PARAM_…; NULL for those that are not allowed. */
void params_names(param_set allowed, const char *names[PARAM_COUNT]);
void params_copy(param_set which, const struct request_params *source,
                 struct request_params *target);
/* Which of them are not the same in both. */
param_set params_differing(param_set which, const struct request_params *a,
                           const struct request_params *b);

#endif
