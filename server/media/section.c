/*
 * A section of a mix in one tick: all its legs are listened to, then all are spoken to. Media
 * thread.
 *
 * A mix of more than one section is listened to by several threads in the same slot. Each publishes
 * what its own legs say and speaks to them when the others have done so, too: at once, or soon
 * after (thread.c looks every quarter of a ms). It does not wait for ever: a thread that the system
 * has stopped must not stop the others. But it waits as long as it can, since what comes too late
 * is missing in what half of the conference hears.
 */
#include "media/leg.h"
#include "media/mix.h"
#include "media/player.h"
#include "media/prefetch.h"
#include "media/recorder.h"
#include "media/thread.h"

#include <stddef.h>

enum {
    PATIENCE = SLOTS - 1,   /* slots: up to where the next tick begins */
    STREAM_EACH_TICK = 256, /* bytes: its head and the payload types in use */
    LATCH_EACH_TICK = 64,   /* bytes */
    GAINS_EACH_TICK = 64,   /* bytes: those of the first buses */
    SECTIONS_AHEAD = 3,     /* leg_prefetch looks at the second one */
    SECTION_EACH_TICK = offsetof(struct section, mixer) - offsetof(struct section, mix),
};

/* Ticks that were dropped are silence to the peers: the timestamps go on, the next packet has the
 * marker bit. */
static void catch_up(struct section *section, uint64_t slot)
{
    uint64_t missed = section->last_slot != 0 ? (slot - section->last_slot) / SLOTS - 1 : 0;
    struct leg *leg;

    section->last_slot = slot;
    if (missed == 0) {
        return;
    }
    TAILQ_FOREACH(leg, &section->legs, in_section)
    {
        if (leg->stream != NULL) {
            leg_write_nothing(leg);
            leg->timestamp += (uint32_t)missed * (leg->stream->clock_rate / 1000 * FRAME_MS);
        }
    }
}

struct leg *leg_after(const struct leg *leg)
{
    struct leg *next = TAILQ_NEXT(leg, in_section);
    struct section *section = next == NULL ? TAILQ_NEXT(leg->section, in_slot) : NULL;

    return section != NULL ? TAILQ_FIRST(&section->legs) : next;
}

/* Has the leg after the next fetched into the cache, and what the next one points to, while the
 * kernel moves this one's packet. */
static void leg_prefetch(const struct leg *leg)
{
    const struct leg *next = leg_after(leg), *second;

    if (next == NULL) {
        return;
    }
    prefetch(next->stream, STREAM_EACH_TICK);
    if (next->jitter != NULL) {
        jitter_prefetch(next->jitter);
    }
    second = leg_after(next);
    if (second != NULL) {
        prefetch(second, offsetof(struct leg, rtcp.latch));
        prefetch(&second->latch, LATCH_EACH_TICK);
        prefetch(&second->channel, offsetof(struct mixer_channel, speaks) + GAINS_EACH_TICK);
        prefetch(&second->channel.hears, GAINS_EACH_TICK);
    }
}

/* The same for sections, of which most have few legs: what is looked at to find them, and to mix.
 */
static void section_prefetch(const struct section *section)
{
    for (unsigned ahead = 0; ahead < SECTIONS_AHEAD && section != NULL; ahead++) {
        section = TAILQ_NEXT(section, in_slot);
    }
    if (section != NULL) {
        prefetch(&section->mix, SECTION_EACH_TICK);
        prefetch(&section->mixer, offsetof(struct mixer, voices));
    }
}

static bool is_alone(const struct section *section)
{
    return atomic_load_explicit(&section->mix->section_count, memory_order_acquire) == 1;
}

void section_listen(struct section *section, struct media_thread *thread, uint64_t slot)
{
    struct leg *leg;

    section_prefetch(section);
    catch_up(section, slot);
    mixer_begin(&section->mixer);
    TAILQ_FOREACH(leg, &section->legs, in_section)
    {
        if (thread->direct > 0) {
            thread->fetched = (thread->fetched > 0 ? thread->fetched : leg_fetch(leg, thread)) - 1;
        }
        leg_prefetch(leg);
        leg_listen(leg, thread);
        leg_watch_life(leg, thread);
    }
    players_speak(section, thread);
    if (!is_alone(section)) {
        exchange_publish(section->exchange, slot / SLOTS, &section->mixer);
    }
}

bool section_is_ready(const struct section *section, uint64_t slot)
{
    const struct mix *mix = section->mix;
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_acquire);

    if (count == 1 || section->leaving || slot - section->last_slot >= PATIENCE) {
        return true;
    }
    for (unsigned i = 0; i < count; i++) {
        if (mix->sections[i] != section &&
            !exchange_has(mix->sections[i]->exchange, section->last_slot / SLOTS)) {
            return false;
        }
    }
    return true;
}

/* What the legs of the other sections say. */
static void hear_others(struct section *section)
{
    const struct mix *mix = section->mix;
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_acquire);

    for (unsigned i = 0; i < count; i++) {
        if (mix->sections[i] != section) {
            exchange_read(mix->sections[i]->exchange, section->last_slot / SLOTS, &section->mixer);
        }
    }
}

void section_speak(struct section *section, struct media_thread *thread)
{
    struct leg *leg, *next;

    hear_others(section);
    for (leg = TAILQ_FIRST(&section->legs); leg != NULL; leg = next) {
        next = TAILQ_NEXT(leg, in_section);
        leg_prefetch(leg);
        leg_speak(leg, thread);
        if (leg->leaving) {
            leg_depart(leg, thread);
        }
    }
    section_record(section, thread);
}
