/* A leg's voice: what media policy asks for, made on the focus thread, run on the media thread. */
#include "media/engine.h"
#include "media/leg.h"
#include "media/message.h"
#include "media/thread.h"

#include "core/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- focus thread ---- */

static bool plan_equal(const struct voice_plan *a, const struct voice_plan *b)
{
    return a->wish.agc == b->wish.agc && a->wish.denoise == b->wish.denoise &&
           a->wish.vad == b->wish.vad && a->wish.keys == b->wish.keys && a->rate == b->rate &&
           a->tones == b->tones;
}

static void follow_plan(struct leg *leg, struct voice_plan plan)
{
    struct message *message;

    plan.tones = plan.wish.keys == KEYS_TONES || plan.wish.keys == KEYS_BOTH ||
                 (plan.wish.keys == KEYS_AUTO && !leg->has_events);
    if (plan.rate == 0 || plan_equal(&plan, &leg->voice_plan)) {
        leg->voice_plan = plan;
        return;
    }
    message = message_create(MESSAGE_LEG_VOICE, "a leg's voice");
    if (message == NULL) {
        return;
    }
    message->leg = leg;
    message->keys = plan.wish.keys;
    if (plan.tones || plan.wish.agc || plan.wish.denoise || plan.wish.vad) {
        message->voice = voice_create(plan.rate, &plan.wish, plan.tones);
        if (message->voice == NULL) {
            log_error("media: out of memory, a leg's voice is not changed");
            free(message);
            return;
        }
    }
    leg->voice_plan = plan;
    leg_post(leg, message);
}

void leg_voice(struct leg *leg, const struct leg_voice *wish)
{
    struct voice_plan plan = leg->voice_plan;

    loop_assert_thread(leg->media->loop);
    plan.wish = *wish;
    follow_plan(leg, plan);
}

void leg_voice_session(struct leg *leg, const struct stream *stream)
{
    unsigned heard = atomic_load_explicit(&leg->heard_rate, memory_order_relaxed);
    const struct stream_format *audio = stream_find_audio(stream, NULL);
    struct voice_plan plan = leg->voice_plan;

    if (audio == NULL) {
        return;
    }
    plan.rate = audio->codec->sample_rate;
    leg->has_events = false;
    for (unsigned i = 0; i < stream->format_count; i++) {
        const struct stream_format *format = &stream->formats[i];

        leg->has_events |= format->kind == STREAM_EVENT && !format->is_former;
        if (format->kind == STREAM_AUDIO && format->codec->sample_rate == heard) {
            plan.rate = heard; /* it goes on, see leg_media.c; if not, that is told */
        }
    }
    follow_plan(leg, plan);
}

void leg_voice_heard(struct leg *leg)
{
    unsigned heard = atomic_load_explicit(&leg->heard_rate, memory_order_relaxed);
    struct voice_plan plan = leg->voice_plan;

    if (heard != 0 && heard != plan.rate) {
        plan.rate = heard;
        follow_plan(leg, plan);
    }
}

/* ---- media thread ---- */

/* The message takes back the voice that was. */
static void voice_arrived(struct leg *leg, struct media_thread *thread)
{
    thread_give_back(thread, leg->voice_message);
    leg->voice_message = NULL;
}

void leg_apply_voice(struct leg *leg, struct media_thread *thread, struct message *message)
{
    struct voice *before = leg->voice;

    if (leg->voice_message != NULL) {
        voice_arrived(leg, thread);
    }
    if (before != NULL && message->voice != NULL) {
        voice_inherit(message->voice, before);
    }
    leg->keys = message->keys;
    leg->voice = message->voice;
    message->voice = before;
    leg->voice_message = message;
    leg->voice_is_warm = false;
}

/* The frame goes over from what the old voice makes of it to what the new one does. In the first
 * tick the new one is only listened into, until what is late in it is there. */
static bool cross_over(struct leg *leg, struct media_thread *thread, unsigned rate, bool is_heard)
{
    struct voice *before = leg->voice_message->voice;
    unsigned count = rate / 1000 * FRAME_MS;
    bool was_heard = is_heard;

    memcpy(thread->fading, thread->frame, count * sizeof *thread->frame);
    if (before != NULL) {
        was_heard = voice_run(before, rate, thread->fading, is_heard);
    }
    if (leg->voice != NULL) {
        is_heard = voice_run(leg->voice, rate, thread->frame, is_heard);
    }
    for (unsigned i = 0; i < count; i++) {
        float share = leg->voice_is_warm ? (float)(i + 1) / (float)count : 0;

        thread->frame[i] = thread->frame[i] * share + thread->fading[i] * (1 - share);
    }
    if (leg->voice_is_warm) {
        voice_arrived(leg, thread);
    }
    leg->voice_is_warm = true;
    return is_heard || was_heard;
}

static void tell_tone(struct leg *leg, struct media_thread *thread)
{
    unsigned duration;
    char key = voice_take_key(leg->voice, &duration);

    leg->sends_events |= leg->event.active;
    if (key != 0 && (leg->keys == KEYS_TONES || !leg->sends_events)) {
        leg_put_digit(leg, thread, key, duration);
    }
}

bool leg_run_voice(struct leg *leg, struct media_thread *thread, bool is_heard)
{
    unsigned rate = leg->hearing != NULL ? leg->hearing->codec->sample_rate : 0;

    if (!is_heard) {
        memset(thread->frame, 0, rate / 1000 * FRAME_MS * sizeof *thread->frame);
    }
    if (leg->voice_message != NULL) {
        is_heard = cross_over(leg, thread, rate, is_heard);
    } else {
        is_heard = voice_run(leg->voice, rate, thread->frame, is_heard);
    }
    leg->level.is_noise = leg->voice != NULL && !voice_is_speech(leg->voice);
    if (leg->voice != NULL) {
        tell_tone(leg, thread);
    }
    return is_heard;
}
