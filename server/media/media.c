/* The media room as main and the focus see it: threads started, mixes placed, events handed up. */
#include "media/media.h"

#include "core/log.h"
#include "media/engine.h"
#include "media/leg.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/player.h"
#include "media/recorder.h"
#include "media/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS_MAX = 256,
    SECTION_LEGS = 250, /* that many take one thread about 2 ms a tick */
};

/* ---- focus → media threads ---- */

static void thread_flush(struct media_thread *thread)
{
    if (thread->newest != NULL) {
        mailbox_post_chain(&thread->inbox, thread->newest, thread->oldest);
        thread->newest = thread->oldest = NULL;
        thread_wake(thread);
    }
}

static void flush(void *arg)
{
    struct media *media = arg;

    for (unsigned i = 0; i < media->thread_count; i++) {
        thread_flush(&media->threads[i]);
    }
}

void media_post(struct media *media, struct media_thread *thread, struct message *message)
{
    message->mail.next = thread->newest;
    thread->newest = &message->mail;
    if (thread->oldest == NULL) {
        thread->oldest = &message->mail;
    }
    /* A timer of 0 ms ends this turn of the loop. Without memory for it, earlier is better than
     * never. */
    if (media->flush_timer == NULL &&
        loop_timer_start(media->loop, &media->flush_timer, 0, flush, media) != 0) {
        flush(media);
    }
}

/* ---- media threads → focus ---- */

void message_free(struct message *message)
{
    stream_destroy(message->stream);
    jitter_destroy(message->jitter);
    mixer_supply_destroy(message->supply);
    voice_destroy(message->voice);
    free(message);
}

static void message_done(struct message *message)
{
    if (message->kind == MESSAGE_SECTION_REMOVE) {
        mix_section_gone(message->section);
        return;
    }
    if (message->kind == MESSAGE_PLAYER_ADD || message->kind == MESSAGE_PLAYER_STOP) {
        player_returned(message->player, message->kind);
        return;
    }
    if (message->kind == MESSAGE_RECORDER_ADD || message->kind == MESSAGE_RECORDER_STOP) {
        recorder_returned(message->recorder, message->kind);
        return;
    }
    if (message->kind == MESSAGE_LEG_CLOSE) {
        leg_free(message->leg); /* the same */
        return;
    }
    if (message->kind == MESSAGE_LEG_MOVE) {
        leg_moved(message->leg);
        return;
    }
    message_free(message);
}

static void hear_of_overload(struct media_thread *thread)
{
    struct media *media = thread->media;
    bool overloaded = atomic_load_explicit(&thread->overloaded, memory_order_relaxed);
    unsigned count = 0;

    if (overloaded == thread->told_overloaded) {
        return;
    }
    thread->told_overloaded = overloaded;
    for (unsigned i = 0; i < media->thread_count; i++) {
        count += media->threads[i].told_overloaded;
    }
    media->events->on_overload(count, media->events_arg);
}

/* A leg that has gone is in `returned`, and may be in `told` from before. What it told was posted
 * earlier, so taking `returned` first makes sure that nothing in `told` outlives its leg. */
static void collect(struct media_thread *thread)
{
    struct mail *returned = mailbox_take(&thread->returned);
    struct mail *told = mailbox_take(&thread->told);

    while (told != NULL) {
        struct leg *leg = (struct leg *)told;

        told = told->next; /* once `queued` is cleared it belongs to the thread again */
        (void)atomic_exchange_explicit(&leg->queued, false, memory_order_acq_rel);
        leg_hand_up(leg);
    }
    while (returned != NULL) {
        struct message *message = (struct message *)returned;

        returned = returned->next;
        message_done(message);
    }
}

static void on_event_fd(int fd, void *arg)
{
    uint64_t count;

    if (read(fd, &count, sizeof count) < 0) {
        return; /* somebody was faster; what is told is told in that call */
    }
    hear_of_overload(arg);
    collect(arg);
}

/* ---- the rest of struct mixing ---- */

static const struct codec_format *media_codecs(void *ctx, unsigned *countp)
{
    (void)ctx;
    return codec_formats(countp);
}

static unsigned media_thread_count(void *ctx)
{
    const struct media *media = ctx;

    return media->thread_count;
}

static void media_thread_stats(void *ctx, unsigned number, struct mixing_thread_stats *stats)
{
    struct media *media = ctx;
    struct media_thread *thread;

    memset(stats, 0, sizeof *stats);
    if (number >= media->thread_count) {
        return;
    }
    thread = &media->threads[number];
    stats->sections = thread->sections;
    stats->legs = thread->legs;
    stats->ticks = atomic_load_explicit(&thread->ticks, memory_order_relaxed);
    stats->late_ticks = atomic_load_explicit(&thread->late_ticks, memory_order_relaxed);
    stats->skipped_ticks = atomic_load_explicit(&thread->skipped_ticks, memory_order_relaxed);
    stats->lateness_p50 = (float)histogram_percentile(&thread->lateness, 0.5) / 1000;
    stats->lateness_p99 = (float)histogram_percentile(&thread->lateness, 0.99) / 1000;
    stats->lateness_max = (float)histogram_max(&thread->lateness) / 1000;
    stats->load = atomic_load_explicit(&thread->load, memory_order_relaxed);
    stats->io_uring = thread->uring != NULL;
    stats->overloaded = thread_is_overloaded(thread);
}

/* ---- beginning and end ---- */

static int open_ports(struct media *media, const struct media_config *config)
{
    for (unsigned i = 0; i < config->address_count; i++) {
        int err = sockets_init(&media->sockets[i], &config->addresses[i], config->port_low,
                               config->port_high);

        if (err != 0) {
            return err;
        }
        media->address_count++;
    }
    return 0;
}

/* Who writes recordings. */
static int open_disk(struct media *media, const struct media_config *config)
{
    const struct worker_config disk = {
        .loop = config->loop,
        .name = "recorders",
        .run = recorders_run,
        .done = recorders_done,
        .arg = media,
    };

    return worker_create(&disk, &media->disk);
}

static int start_threads(struct media *media, unsigned wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = wanted > 0 ? wanted : cores > 0 ? (unsigned)cores : 1;

    count = count < THREADS_MAX ? count : THREADS_MAX;
    media->threads = calloc(count, sizeof *media->threads);
    if (media->threads == NULL) {
        return ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        struct media_thread *thread = &media->threads[i];
        int err;

        media->thread_count++;
        err = thread_start(media, thread);
        if (err == 0) {
            err = loop_watch(media->loop, thread->event_fd, on_event_fd, thread, &thread->watch);
        }
        if (err != 0) {
            log_error("media: thread %u of %u does not start: %s", i + 1, count, strerror(err));
            return err;
        }
    }
    return 0;
}

void media_set_overload(struct media *media, unsigned late, unsigned load)
{
    atomic_store_explicit(&media->overload_late, late, memory_order_relaxed);
    atomic_store_explicit(&media->overload_load, load, memory_order_relaxed);
}

int media_create(const struct media_config *config, struct media **mediap)
{
    struct media *media;
    int err;

    if (config == NULL || config->loop == NULL || config->events == NULL || mediap == NULL ||
        config->address_count < 1 || config->address_count > 2) {
        return EINVAL;
    }
    media = calloc(1, sizeof *media);
    if (media == NULL) {
        return ENOMEM;
    }
    media->loop = config->loop;
    media->events = config->events;
    media->events_arg = config->events_arg;
    media_set_overload(media, config->overload_late, config->overload_load);
    media->io_uring = config->io_uring;
    media->section_legs = config->section_legs > 0 ? config->section_legs : SECTION_LEGS;
    media->mixing = (struct mixing){
        .ctx = media,
        .codecs = media_codecs,
        .mix_create = mix_create,
        .mix_destroy = mix_destroy,
        .leg_create = leg_create,
        .leg_address = leg_address,
        .leg_session = leg_session,
        .leg_route = leg_route,
        .leg_voice = leg_voice,
        .leg_move = leg_move,
        .leg_close = leg_close,
        .leg_stats = leg_stats,
        .is_overloaded = mix_is_overloaded,
        .play = player_create,
        .play_stop = player_stop,
        .play_gain = player_set_gain,
        .record = recorder_create,
        .record_stop = recorder_stop,
        .record_clock = recorder_clock,
        .record_turn = recorder_turn,
        .record_note = note_create,
        .thread_count = media_thread_count,
        .thread_stats = media_thread_stats,
    };
    TAILQ_INIT(&media->mixes);
    TAILQ_INIT(&media->legs);
    TAILQ_INIT(&media->recorders_open);
    err = open_disk(media, config);
    if (err == 0) {
        err = clips_create(config->loop, &config->places, players_clip_read, media, &media->clips);
    }
    if (err == 0) {
        err = open_ports(media, config);
    }
    if (err == 0) {
        err = start_threads(media, config->threads);
    }
    if (err != 0) {
        media_destroy(media);
        return err;
    }
    *mediap = media;
    return 0;
}

static void messages_discard(struct mail *mail)
{
    while (mail != NULL) {
        struct message *message = (struct message *)mail;

        mail = mail->next;
        /* The others are part of a section, a leg or a thread. */
        if (message->kind == MESSAGE_LEG_SESSION || message->kind == MESSAGE_LEG_ROUTE ||
            message->kind == MESSAGE_SECTION_SUPPLY || message->kind == MESSAGE_LEG_VOICE) {
            message_free(message);
        }
    }
}

void media_destroy(struct media *media)
{
    if (media == NULL) {
        return;
    }
    loop_timer_stop(&media->flush_timer);
    loop_timer_stop(&media->watch_timer);
    for (unsigned i = 0; i < media->thread_count; i++) {
        struct media_thread *thread = &media->threads[i];

        if (thread->running) {
            thread->stop = (struct message){.kind = MESSAGE_STOP};
            media_post(media, thread, &thread->stop);
        }
    }
    flush(media);
    loop_timer_stop(&media->flush_timer);
    for (unsigned i = 0; i < media->thread_count; i++) {
        struct media_thread *thread = &media->threads[i];

        if (thread->watch != NULL) {
            loop_unwatch(&thread->watch);
        }
        thread_join(thread);
        messages_discard(mailbox_take(&thread->returned));
        messages_discard(mailbox_take(&thread->inbox));
    }
    recorders_end(media);
    worker_destroy(media->disk);
    /* The analyzer does not follow that leg_free and mix_free take them off their lists. */
    while (!TAILQ_EMPTY(&media->legs)) {
        leg_free(TAILQ_FIRST(&media->legs)); // NOLINT(clang-analyzer-unix.Malloc)
    }
    while (!TAILQ_EMPTY(&media->mixes)) {
        mix_free(TAILQ_FIRST(&media->mixes)); // NOLINT(clang-analyzer-unix.Malloc)
    }
    for (unsigned i = 0; i < media->address_count; i++) {
        sockets_free(&media->sockets[i]);
    }
    clips_destroy(media->clips);
    free(media->threads);
    free(media);
}

int media_check_sound(const struct sound_places *places, const char *file, char *error,
                      size_t error_size)
{
    return clip_check(places, file, error, error_size);
}

const struct mixing *media_mixing(struct media *media)
{
    return &media->mixing;
}
