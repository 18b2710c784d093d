/* One leg in one tick: what it says goes into the mix, what it hears goes out. Media thread. */
#include "media/leg.h"
#include "media/recorder.h"
#include "media/thread.h"

enum { PUBLISH_EVERY = 5 }; /* ticks */

void leg_tell(struct leg *leg, struct media_thread *thread)
{
    if (!atomic_exchange_explicit(&leg->queued, true, memory_order_acq_rel)) {
        mailbox_post(&thread->told, &leg->mail);
        thread->signal = true;
    }
}

void leg_put_digit(struct leg *leg, struct media_thread *thread, char key, unsigned duration)
{
    duration = duration < UINT16_MAX ? duration : UINT16_MAX;
    /* Full: nobody presses that fast. */
    if (!ring_put(&leg->digits, (uint32_t)(unsigned char)key << 16 | duration)) {
        counter_add(&leg->counters.rejected, 1);
    }
    leg_tell(leg, thread);
}

void leg_tell_digit(struct leg *leg, struct media_thread *thread, char key, unsigned duration)
{
    if (leg->keys != KEYS_TONES) {
        leg_put_digit(leg, thread, key, duration);
    }
}

/* ---- a new session ---- */

static bool may_receive(const struct stream *stream)
{
    return stream != NULL && (stream->direction & STREAM_RECVONLY) != 0;
}

/* What the jitter buffer decodes from now on. A codec that stays goes on over the change. */
static void choose_hearing(struct leg *leg, bool begins_anew)
{
    const struct codec *before = leg->hearing != NULL ? leg->hearing->codec : NULL;
    const struct stream_format *same =
        before != NULL ? stream_find_audio(leg->stream, before) : NULL;

    leg->hearing = same != NULL ? same : stream_find_audio(leg->stream, NULL);
    if (leg->hearing != NULL && leg->jitter != NULL) {
        if (before != NULL && before->sample_rate != leg->hearing->codec->sample_rate) {
            mixer_channel_break(&leg->channel);
        }
        if (same == NULL || begins_anew) {
            jitter_reset(leg->jitter, leg->hearing->codec, leg->hearing->decoder);
        }
        leg->source.clock_rate = leg->hearing->clock_rate;
    }
}

void leg_tune(struct leg *leg)
{
    const struct stream *stream = leg->stream;

    mixer_channel_tune(&leg->section->mixer, &leg->channel, stream->codec, stream->tuning);
    leg->channel.wants_level = stream->levels.out != 0;
    leg->channel.wants_each = stream->levels.each != 0;
}

void leg_apply_session(struct leg *leg, struct message *message, uint64_t now)
{
    struct stream *before = leg->stream, *stream = message->stream;
    bool begins_anew = may_receive(stream) && !may_receive(before);

    leg_link_open(leg);
    if (before != NULL) {
        stream_inherit(stream, before);
    }
    leg->stream = stream;
    leg->follows = false;
    message->stream = before; /* goes back to be freed */
    if (message->jitter != NULL) {
        leg->jitter = message->jitter;
        message->jitter = NULL;
    }
    if (before == NULL) {
        rtp_source_init(&leg->source, stream->clock_rate != 0 ? stream->clock_rate : 8000);
        leg->marker = true;
    } else if (before->codec != stream->codec || before->ptime != stream->ptime) {
        leg_write_nothing(leg);
    }
    choose_hearing(leg, begins_anew);
    leg_tune(leg);
    latch_signal(&leg->latch, &stream->remote_rtp, &stream->peer);
    latch_signal(&leg->rtcp.latch, &stream->remote_rtcp, &stream->peer);
    if (begins_anew) {
        leg->life = now;
        leg->timeout_told = false;
        leg->event = (struct telephone_event){0};
        leg->sends_events = false;
    }
}

/* ---- in ---- */

/* An event stays `active` when it is told, to know its repetitions. */
static bool key_is_down(const struct leg *leg)
{
    return leg->event.active && !leg->event.told;
}

static void poll_event(struct leg *leg, struct media_thread *thread)
{
    unsigned duration = 0;
    char key;

    if (!key_is_down(leg)) {
        return;
    }
    key = telephone_event_poll(&leg->event, leg->event_rate, thread->now, &duration);
    if (key != 0) {
        leg_tell_digit(leg, thread, key, duration);
    }
}

/* The leg's voice has to be made anew for another rate. */
static void tell_rate(struct leg *leg, struct media_thread *thread, unsigned rate)
{
    if (rate != atomic_load_explicit(&leg->heard_rate, memory_order_relaxed)) {
        atomic_store_explicit(&leg->heard_rate, rate, memory_order_relaxed);
        leg_tell(leg, thread);
    }
}

/* For the focus to read; that is not in a hurry. */
static void publish(struct leg *leg, struct media_thread *thread)
{
    struct leg_counters *counters = &leg->counters;
    struct jitter_stats stats;

    if (leg->latch.last > 0 && leg->latch.last < thread->now) {
        atomic_store_explicit(&counters->pause, (unsigned)((thread->now - leg->latch.last) / 1000),
                              memory_order_relaxed);
    }
    atomic_store_explicit(&counters->level, level_dbov(&leg->level), memory_order_relaxed);
    if (leg->speech_frames > 0) {
        atomic_store_explicit(&counters->speech, (float)(leg->speech / (double)leg->speech_frames),
                              memory_order_relaxed);
    }
    if (leg->jitter == NULL || leg->hearing == NULL) {
        return;
    }
    tell_rate(leg, thread, leg->hearing->codec->sample_rate);
    jitter_stats(leg->jitter, &stats);
    loss_discard(&leg->loss, (unsigned)(stats.late - leg->late_seen));
    leg->late_seen = stats.late;
    counter_add(&counters->rejected, stats.unplayable - leg->unplayable_seen);
    leg->unplayable_seen = stats.unplayable;
    atomic_store_explicit(&counters->missing, leg->loss.missing, memory_order_relaxed);
    atomic_store_explicit(&counters->runs, leg->loss.runs, memory_order_relaxed);
    atomic_store_explicit(&counters->clipped, leg->clipped / 1000, memory_order_relaxed);
    atomic_store_explicit(&counters->late, stats.late, memory_order_relaxed);
    atomic_store_explicit(&counters->concealed,
                          stats.concealed * 1000 / leg->hearing->codec->sample_rate,
                          memory_order_relaxed);
    atomic_store_explicit(&counters->delay, jitter_delay(leg->jitter), memory_order_relaxed);
    atomic_store_explicit(&counters->lost, rtp_source_lost(&leg->source), memory_order_relaxed);
    atomic_store_explicit(&counters->jitter, (float)rtp_source_jitter_ms(&leg->source),
                          memory_order_relaxed);
}

/* What comes out of the jitter buffer, into the thread's frame. False: nothing, or only zeros. */
static bool fetch(struct leg *leg, struct media_thread *thread, float *powerp)
{
    unsigned rate, count;

    if (leg->hearing == NULL || leg->jitter == NULL ||
        (!may_receive(leg->stream) && leg->channel.gate <= 0)) {
        return false;
    }
    if (!jitter_get(leg->jitter, thread->now, thread->frame)) {
        *powerp = jitter_power(leg->jitter);
        return false;
    }
    rate = leg->hearing->codec->sample_rate;
    count = rate / 1000 * FRAME_MS;
    *powerp = level_power(thread->frame, count);
    leg->clipped += level_clipped(thread->frame, count, *powerp) * 1000000ULL / rate;
    return true;
}

/* The next frame, at the rate of what the leg is sent; NULL: nothing that anybody is to hear. */
static const float *hear(struct leg *leg, struct media_thread *thread, float *powerp)
{
    const struct stream_format *hearing = leg->hearing;
    unsigned count = hearing != NULL ? hearing->codec->sample_rate / 1000 * FRAME_MS : 0;
    bool is_heard = fetch(leg, thread, powerp);

    if (leg->voice != NULL || leg->voice_message != NULL) {
        is_heard = leg_run_voice(leg, thread, is_heard);
        *powerp = is_heard ? level_power(thread->frame, count) : 0;
    }
    if (!is_heard || hearing == NULL) {
        return NULL;
    }
    if (hearing->resampler == NULL) {
        return thread->frame;
    }
    resampler_run(hearing->resampler, thread->frame, count, thread->resampled);
    return thread->resampled;
}

static void note_speech(struct leg *leg, float power)
{
    if (leg->level.speaking && power > 0) {
        leg->speech += (double)power;
        leg->speech_frames++;
    }
}

void leg_listen(struct leg *leg, struct media_thread *thread)
{
    bool was_speaking = leg->level.speaking, blocked;
    const float *samples;
    float power = 0;

    leg->ticks++;
    leg->owed += FRAME_MS;
    if (leg->jitter != NULL) {
        jitter_expect(leg->jitter);
        /* What is done to a voice needs all of it, and so does who records it. */
        jitter_ignore(leg->jitter, leg->voice != NULL || leg->voice_message != NULL ||
                                           !LIST_EMPTY(&leg->recorders)
                                       ? 0
                                       : mixer_channel_unheard(&leg->channel));
    }
    leg_read_rtp(leg, thread);
    if (leg->stream == NULL) {
        return;
    }
    poll_event(leg, thread);
    /* The audio of a key is no speech (RFC 4733 §2.3), nor is what comes on hold; the frame that
     * is on its way is faded out, so one more is fetched. */
    blocked = key_is_down(leg) || !may_receive(leg->stream);
    samples = hear(leg, thread, &power);
    power = blocked ? 0 : power;
    level_update(&leg->level, power);
    note_speech(leg, power);
    if (!LIST_EMPTY(&leg->recorders)) {
        leg_record(leg, thread, blocked ? NULL : samples);
    }
    leg->channel.source = leg->source.ssrc;
    mixer_take(&leg->section->mixer, &leg->channel, samples, power, blocked);
    if (!LIST_EMPTY(&leg->tracks)) {
        leg_record_tracks(leg, thread);
    }
    if (leg->ticks % PUBLISH_EVERY == 0) {
        publish(leg, thread);
    }
    if (leg->level.speaking != was_speaking) {
        atomic_store_explicit(&leg->counters.speaking, leg->level.speaking, memory_order_relaxed);
        leg_tell(leg, thread);
    }
}

void leg_watch_life(struct leg *leg, struct media_thread *thread)
{
    uint64_t silent = thread->now > leg->life ? (thread->now - leg->life) / 1000 : 0;

    if (leg->timeout == 0 || leg->leaving || !may_receive(leg->stream)) {
        return;
    }
    if (silent < leg->timeout) {
        leg->timeout_told = false;
    } else if (!leg->timeout_told) {
        leg->timeout_told = true;
        atomic_store_explicit(&leg->silent_ms, (unsigned)silent, memory_order_relaxed);
        leg_tell(leg, thread);
    }
}

/* ---- out ---- */

static bool may_send(const struct leg *leg)
{
    return leg->routed && leg->stream->codec != NULL &&
           (leg->stream->direction & STREAM_SENDONLY) != 0 &&
           !(leg->is_cautious && leg->latch.source.ss_family == AF_UNSPEC);
}

void leg_speak(struct leg *leg, struct media_thread *thread)
{
    struct mixer_payload payload;

    if (leg->stream == NULL) {
        mixer_settle(&leg->channel);
        return;
    }
    if (may_send(leg)) {
        mixer_give(&leg->section->mixer, &leg->channel, &payload);
        leg_write(leg, thread, &payload);
        if (leg->channel.lacks_encoder) {
            leg->channel.lacks_encoder = false;
            atomic_store_explicit(&leg->lacks_encoder, true, memory_order_relaxed);
            leg_tell(leg, thread);
        }
    } else {
        leg_write_nothing(leg);
    }
    leg_rtcp_tick(leg, thread);
    leg->timestamp += leg->stream->clock_rate / 1000 * FRAME_MS;
    mixer_settle(&leg->channel);
}
