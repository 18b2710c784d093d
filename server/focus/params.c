/* The parameters of requests and verdicts, by one table: what they are called, what they may be,
 * and where they stand in struct request_params. */
#include "focus/params.h"

#include <stddef.h>
#include <string.h>

enum {
    LIFE_TIME_MAX = 1000000, /* s */
    SOFTER_MAX = 60,         /* dB, as in the config */
};

#define TEXT_OF(kind, field)                                                                       \
    {                                                                                              \
#field, kind, offsetof(struct request_params, field),                                      \
            sizeof((struct request_params *)NULL)->field, 0, 0                                     \
    }
#define TEXT(field) TEXT_OF(KIND_TEXT, field)
#define FLAG(field)                                                                                \
    {                                                                                              \
#field, KIND_FLAG, offsetof(struct request_params, field), sizeof(bool), 0, 0              \
    }
#define NUMBER(field, lowest, most)                                                                \
    {                                                                                              \
#field, KIND_NUMBER, offsetof(struct request_params, field), sizeof(float), lowest, most   \
    }
/* Of struct conference_life. A time is in seconds to scripts, with this many at most. */
#define LIFE(kind, field, most)                                                                    \
    {                                                                                              \
#field, kind, offsetof(struct request_params, life.field),                                 \
            sizeof((struct request_params *)NULL)->life.field, 0, most                             \
    }
#define VIEW(field)                                                                                \
    {                                                                                              \
#field, KIND_VIEW, offsetof(struct request_params, field), sizeof(enum view), 0, 0         \
    }

static const struct param params[PARAM_COUNT] = {
    [PARAM_ROLE] = TEXT(role),
    [PARAM_MUTED] = FLAG(muted),
    [PARAM_LOCKED] = FLAG(locked),
    [PARAM_TITLE] = TEXT(title),
    [PARAM_POLICY] = TEXT_OF(KIND_POLICIES, policy),
    [PARAM_REASON] = TEXT(reason),
    [PARAM_AGC] = FLAG(agc),
    [PARAM_DENOISE] = FLAG(denoise),
    [PARAM_VAD] = FLAG(vad),
    [PARAM_SPEAKS] = NUMBER(speaks, REQUEST_GAIN_MIN, REQUEST_GAIN_MAX),
    [PARAM_HEARS] = NUMBER(hears, REQUEST_GAIN_MIN, REQUEST_GAIN_MAX),
    [PARAM_FILE] = TEXT_OF(KIND_FILES, file),
    [PARAM_GAIN] = NUMBER(gain, REQUEST_GAIN_MIN, REQUEST_GAIN_MAX),
    [PARAM_LOOP] = FLAG(loop),
    [PARAM_INTERRUPT] = FLAG(interrupt),
    [PARAM_DUCK] = NUMBER(duck, REQUEST_GAIN_MIN, 0),
    [PARAM_BUS] = TEXT(bus),
    [PARAM_ANONYMOUS] = FLAG(anonymous),
    [PARAM_HIDDEN] = FLAG(hidden),
    [PARAM_VIEW] = VIEW(view),
    [PARAM_EMPTY_TIMEOUT] = LIFE(KIND_TIME, empty_timeout, LIFE_TIME_MAX),
    [PARAM_DURATION] = LIFE(KIND_TIME, duration, LIFE_TIME_MAX),
    [PARAM_WARNING] = LIFE(KIND_TIME, warning, LIFE_TIME_MAX),
    [PARAM_ENDS_WITH_CREATOR] = LIFE(KIND_FLAG, ends_with_creator, 0),
    [PARAM_HIDE_FOCUS] = FLAG(hide_focus),
    [PARAM_HELD] = FLAG(held),
    [PARAM_DIRECTION] = {"direction", KIND_DIRECTION, offsetof(struct request_params, direction),
                         sizeof(enum stream_direction), 0, 0},
    [PARAM_CODECS] = TEXT_OF(KIND_CODECS, codecs),
    [PARAM_PIN] = TEXT(pin),
    [PARAM_APPROVED] = FLAG(approved),
    [PARAM_DISPLAY_NAME] = TEXT(display_name),
    [PARAM_MAY_SPEAK] = {"may_speak", KIND_UNLESS, offsetof(struct request_params, listen_only),
                         sizeof(bool), 0, 0},
    [PARAM_RELAY] = {"relay", KIND_UNLESS, offsetof(struct request_params, unrelayed), sizeof(bool),
                     0, 0},
    [PARAM_FLOOR] = FLAG(floor),
    [PARAM_BACKGROUND] = {"background", KIND_BACKGROUND,
                          offsetof(struct request_params, background), sizeof(float),
                          REQUEST_GAIN_MIN, 0},
    [PARAM_SHOWN] = {"shown", KIND_SHOWN, offsetof(struct request_params, shown),
                     sizeof(enum sidebar_shown), 0, 0},
    [PARAM_ATTENDANT] = TEXT(attendant),
    [PARAM_SPOKEN_NAME] = TEXT_OF(KIND_FILES, spoken_name),
    [PARAM_LANGUAGE] = TEXT_OF(KIND_LANGUAGE, language),
    [PARAM_HOLD_MUSIC] = TEXT_OF(KIND_FILE, hold_music),
    [PARAM_HOLD_MUSIC_SOFTER] = NUMBER(hold_music_softer, 0, SOFTER_MAX),
    [PARAM_HOLD_MUSIC_SHUFFLE] = FLAG(hold_music_shuffle),
    [PARAM_TRACKS] = FLAG(tracks),
    [PARAM_PAUSED] = FLAG(paused),
    [PARAM_AFTER] = {"after", KIND_FILES, offsetof(struct request_params, file),
                     sizeof((struct request_params *)NULL)->file, 0, 0},
    [PARAM_CONFIRM] = {"confirm", KIND_QUESTION, offsetof(struct request_params, file),
                       sizeof((struct request_params *)NULL)->file, 0, 0},
};

#define VOICE (PARAM(AGC) | PARAM(DENOISE) | PARAM(VAD))
#define GAINS (PARAM(SPEAKS) | PARAM(HEARS))
#define MUSIC (PARAM(HOLD_MUSIC) | PARAM(HOLD_MUSIC_SOFTER) | PARAM(HOLD_MUSIC_SHUFFLE))
#define ENTRY                                                                                      \
    (PARAM(ROLE) | PARAM(DISPLAY_NAME) | PARAM(SPOKEN_NAME) | PARAM(MAY_SPEAK) | PARAM(FLOOR) |    \
     PARAM(MUTED) | PARAM(HELD) | PARAM(ANONYMOUS) | PARAM(HIDDEN) | PARAM(BACKGROUND) |           \
     PARAM(ATTENDANT) | PARAM(LANGUAGE) | MUSIC | VOICE | GAINS)

param_set verb_params(enum verb verb)
{
    static const param_set of_verb[VERB_COUNT] = {
        [VERB_CREATE] = PARAM(TITLE) | PARAM(POLICY) | PARAM(HIDE_FOCUS) | PARAM(EMPTY_TIMEOUT) |
                        PARAM(DURATION) | PARAM(WARNING) | PARAM(ENDS_WITH_CREATOR) |
                        PARAM(ATTENDANT) | PARAM(LANGUAGE) | MUSIC,
        [VERB_JOIN] = ENTRY | PARAM(PIN),
        [VERB_REPLACE] = ENTRY,
        [VERB_INVITE] = ENTRY | PARAM(CONFIRM),
        [VERB_TIMEOUT] = PARAM(REASON),
        [VERB_MUTE] = PARAM(MUTED),
        [VERB_HOLD] = PARAM(HELD),
        [VERB_ENHANCE] = VOICE,
        [VERB_VOLUME] = GAINS,
        [VERB_MEDIA] = PARAM(DIRECTION) | PARAM(CODECS),
        [VERB_RECORD] = PARAM(FILE) | PARAM(TRACKS) | PARAM(PAUSED),
        [VERB_ANNOUNCE] =
            PARAM(FILE) | PARAM(GAIN) | PARAM(LOOP) | PARAM(INTERRUPT) | PARAM(DUCK) | PARAM(BUS),
        [VERB_MESSAGE] = PARAM(RELAY),
        [VERB_ROLE] = PARAM(ROLE),
        [VERB_RENAME] = PARAM(DISPLAY_NAME) | PARAM(SPOKEN_NAME),
        [VERB_FLOOR] = PARAM(FLOOR),
        [VERB_PERMIT] = PARAM(MAY_SPEAK),
        [VERB_REMOVE] = PARAM(REASON),
        [VERB_LIMIT] = PARAM(DURATION) | PARAM(WARNING),
        [VERB_LOCK] = PARAM(LOCKED),
        [VERB_SIDEBAR] = PARAM(TITLE) | PARAM(POLICY) | PARAM(SHOWN) | PARAM(FILE) |
                         (ENTRY & ~(PARAM(HELD) | PARAM(ATTENDANT) | PARAM(SPOKEN_NAME) |
                                    PARAM(LANGUAGE) | MUSIC | VOICE)),
        [VERB_END] = PARAM(REASON) | PARAM(AFTER),
        [VERB_SUBSCRIBE] = PARAM(VIEW),
        [VERB_DECIDE] = PARAM(APPROVED) | PARAM(REASON),
    };

    return of_verb[verb];
}

const struct param *param_at(unsigned index)
{
    return &params[index];
}

const char *param_name(param_set which)
{
    return params[__builtin_ctzll(which)].name;
}

void params_names(param_set allowed, const char *names[PARAM_COUNT])
{
    for (unsigned i = 0; i < PARAM_COUNT; i++)
        names[i] = allowed >> i & 1 ? params[i].name : NULL;
}

void params_copy(param_set which, const struct request_params *source,
                 struct request_params *target)
{
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (which >> i & 1)
            memcpy((char *)target + params[i].offset, (const char *)source + params[i].offset,
                   params[i].size);
    }
}

param_set params_differing(param_set which, const struct request_params *a,
                           const struct request_params *b)
{
    param_set differing = 0;

    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        const void *one = (const char *)a + params[i].offset;
        const void *other = (const char *)b + params[i].offset;
        bool is_same = param_is_text(&params[i]) ? strcmp(one, other) == 0
                                                 : memcmp(one, other, params[i].size) == 0;

        if ((which >> i & 1) && !is_same)
            differing |= (param_set)1 << i;
    }
    return differing;
}
