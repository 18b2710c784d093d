#include "media/voice.h"

#include "media/dtmf_detect.h"
#include "media/enhance.h"

#include <stdlib.h>

/* Frames without sound in which all that was late comes out, and a press ends. */
enum { TAIL_FRAMES = 3 };

struct voice {
    unsigned rate;
    unsigned tail; /* frames still to come, though nothing is heard */
    bool is_speech;
    struct enhance *enhance; /* NULL: not asked for */
    bool has_tones;
    struct dtmf_detect tones;
};

struct voice *voice_create(unsigned rate, const struct leg_voice *wish, bool tones)
{
    struct voice *voice = calloc(1, sizeof *voice);

    if (voice == NULL) {
        return NULL;
    }
    voice->rate = rate;
    voice->is_speech = true;
    voice->has_tones = tones;
    dtmf_detect_init(&voice->tones, rate);
    if (wish->agc || wish->denoise || wish->vad) {
        voice->enhance = enhance_create(rate, wish);
        if (voice->enhance == NULL) {
            free(voice);
            return NULL;
        }
    }
    return voice;
}

void voice_destroy(struct voice *voice)
{
    if (voice != NULL) {
        enhance_destroy(voice->enhance);
        free(voice);
    }
}

void voice_inherit(struct voice *voice, const struct voice *before)
{
    if (voice->enhance != NULL && before->enhance != NULL) {
        enhance_inherit(voice->enhance, before->enhance);
    }
}

bool voice_run(struct voice *voice, unsigned rate, float *samples, bool is_heard)
{
    if (rate != voice->rate) {
        voice->is_speech = true; /* what it cannot judge is not noise */
        return is_heard;
    }
    if (is_heard) {
        voice->tail = TAIL_FRAMES;
    } else if (voice->tail == 0) {
        return false;
    } else {
        voice->tail--;
    }
    if (voice->has_tones) {
        dtmf_detect_run(&voice->tones, samples);
    }
    if (voice->enhance != NULL) {
        voice->is_speech = enhance_run(voice->enhance, samples);
    }
    return true;
}

bool voice_is_speech(const struct voice *voice)
{
    return voice->is_speech;
}

char voice_take_key(struct voice *voice, unsigned *durationp)
{
    return dtmf_detect_take(&voice->tones, durationp);
}
