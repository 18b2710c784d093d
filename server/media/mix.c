/* Mixes as the focus has them: made, placed on threads, supplied, taken apart. Focus thread. */
#include "media/mix.h"
#include "media/engine.h"
#include "media/leg.h"
#include "media/message.h"
#include "media/player.h"
#include "media/thread.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOT_FULL = 50 }; /* legs and sections */

/* ---- placing ---- */

static bool works_for(const struct media_thread *thread, const struct mix *mix)
{
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);

    for (unsigned i = 0; i < count; i++) {
        if (mix->sections[i]->thread == thread) {
            return true;
        }
    }
    return false;
}

/* Whether `one` should rather take a new section than `other`. */
static bool is_freer(const struct media_thread *one, const struct media_thread *other)
{
    if (thread_is_overloaded(one) != thread_is_overloaded(other)) {
        return thread_is_overloaded(other);
    }
    return one->legs + one->sections < other->legs + other->sections;
}

/* The least loaded thread that has no section of the mix; NULL: all have. */
static struct media_thread *least_loaded(struct mix *mix)
{
    struct media *media = mix->media;
    struct media_thread *best = NULL;

    for (unsigned i = 0; i < media->thread_count; i++) {
        struct media_thread *thread = &media->threads[i];

        if (!works_for(thread, mix) && (best == NULL || is_freer(thread, best))) {
            best = thread;
        }
    }
    return best;
}

/* Waking up for a slot costs, so one is filled before the next is opened; when all are, they are
 * kept even. */
static unsigned choose_slot(const struct media_thread *thread)
{
    const unsigned *load = thread->slot_load;
    unsigned fullest = SLOTS, emptiest = 0;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (load[slot] < SLOT_FULL && (fullest == SLOTS || load[slot] > load[fullest])) {
            fullest = slot;
        }
        if (load[slot] < load[emptiest]) {
            emptiest = slot;
        }
    }
    return fullest < SLOTS ? fullest : emptiest;
}

/* ---- sections ---- */

static struct section *section_create(struct mix *mix, struct media_thread *thread, unsigned slot)
{
    struct section *section = calloc(1, sizeof *section);

    if (section == NULL) {
        return NULL;
    }
    section->mix = mix;
    section->thread = thread;
    section->slot = slot;
    TAILQ_INIT(&section->legs);
    TAILQ_INIT(&section->players);
    section->deferred_end = &section->deferred;
    section->add = (struct message){.kind = MESSAGE_SECTION_ADD, .section = section};
    section->remove = (struct message){.kind = MESSAGE_SECTION_REMOVE, .section = section};
    return section;
}

static void section_free(struct section *section)
{
    mixer_free(&section->mixer);
    exchange_destroy(section->exchange);
    free(section);
}

/* The others see it, complete, from here on. */
static void section_join(struct section *section)
{
    struct mix *mix = section->mix;
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);

    mix->sections[count] = section;
    atomic_store_explicit(&mix->section_count, count + 1, memory_order_release);
    section->thread->sections++;
    section->thread->slot_load[section->slot]++;
    media_post(mix->media, section->thread, &section->add);
}

static int supply(struct section *section, unsigned rate, uint64_t buses, const struct codec *codec,
                  bool lacking)
{
    struct message *message;
    int err = ENOMEM;

    if (mixer_stock_suffices(&section->stock, rate, buses, codec, lacking)) {
        return 0;
    }
    message = message_create(MESSAGE_SECTION_SUPPLY, "a mix");
    if (message != NULL) {
        message->section = section;
        err = mixer_supply_create(&section->stock, rate, buses, &message->supply);
    }
    if (err == 0) {
        err = mixer_supply_encoders(&section->stock, codec, lacking, &message->supply);
    }
    /* What has been made counts as there, even when there was no memory for all of it. */
    if (message != NULL && message->supply != NULL) {
        media_post(section->mix->media, section->thread, message);
    } else {
        free(message);
    }
    return err;
}

/* All the rates and buses that the model has. */
static int section_equip(struct section *section, const struct section *model)
{
    int err = supply(section, 0, model->stock.buses, NULL, false);

    for (unsigned plane = 0; err == 0 && plane < MIXER_PLANES; plane++) {
        if (model->stock.planes & (1u << plane)) {
            err = supply(section, mixer_rates[plane], 0, NULL, false);
        }
    }
    return err;
}

/* One more section, with all that the first one has; NULL: no thread or no memory for it. */
static struct section *section_add(struct mix *mix)
{
    struct section *first = mix->sections[0], *section = NULL;
    struct media_thread *thread = least_loaded(mix);

    if (thread == NULL ||
        atomic_load_explicit(&mix->section_count, memory_order_relaxed) == SECTIONS_MAX) {
        return NULL;
    }
    if (first->exchange == NULL) {
        first->exchange = exchange_create();
    }
    section = section_create(mix, thread, first->slot);
    if (section == NULL) {
        return NULL;
    }
    section->exchange = exchange_create();
    if (section->exchange == NULL || first->exchange == NULL) {
        section_free(section);
        return NULL;
    }
    section_join(section);
    if (section_equip(section, first) != 0) {
        log_error("media: out of memory, a part of a conference does not hear all of it");
    }
    return section;
}

/* Whether a thread that does not work for the mix yet is in a better state than all that do. */
static bool is_rescue_near(struct mix *mix, const struct section *best)
{
    const struct media_thread *thread = least_loaded(mix);

    return thread != NULL && thread_is_overloaded(best->thread) && !thread_is_overloaded(thread);
}

struct section *mix_place(struct mix *mix)
{
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);
    struct section *best = mix->sections[0], *another;

    for (unsigned i = 1; i < count; i++) {
        if (is_freer(mix->sections[i]->thread, best->thread)) {
            best = mix->sections[i];
        }
    }
    if (best->leg_count < mix->media->section_legs && !is_rescue_near(mix, best)) {
        return best;
    }
    another = section_add(mix);
    return another != NULL ? another : best;
}

bool mix_is_overloaded(void *ctx, const struct mix *mix)
{
    const struct media *media = ctx;
    bool may_grow = mix == NULL ||
                    atomic_load_explicit(&mix->section_count, memory_order_relaxed) < SECTIONS_MAX;

    for (unsigned i = 0; i < media->thread_count; i++) {
        const struct media_thread *thread = &media->threads[i];

        if ((may_grow || works_for(thread, mix)) && !thread_is_overloaded(thread)) {
            return false;
        }
    }
    return true;
}

int mix_supply(struct section *section, const struct codec *codec, uint64_t buses, bool lacking)
{
    const struct mix *mix = section->mix;
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);
    unsigned rate = codec != NULL ? codec->sample_rate : 0;
    int err = supply(section, rate, buses, codec, lacking);

    for (unsigned i = 0; err == 0 && i < count; i++) {
        if (mix->sections[i] != section) {
            err = supply(mix->sections[i], rate, buses, NULL, false);
        }
    }
    return err;
}

int mix_supply_player(struct mix *mix, unsigned bus, unsigned *planep)
{
    struct section *section = mix->sections[0];
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);
    /* Recordings are there at 8000 and 16000 Hz; nobody needs the latter among narrow phones. */
    unsigned plane = section->stock.planes > 1 ? 1 : 0;
    int err = 0;

    for (unsigned i = 0; err == 0 && i < count; i++) {
        err = supply(mix->sections[i], mixer_rates[plane], UINT64_C(1) << bus, NULL, false);
    }
    *planep = plane;
    return err;
}

/* ---- mixes ---- */

int mix_create(void *ctx, struct mix **mixp)
{
    struct media *media = ctx;
    struct media_thread *thread;
    struct section *section;
    struct mix *mix;

    loop_assert_thread(media->loop);
    mix = calloc(1, sizeof *mix);
    if (mix == NULL) {
        return ENOMEM;
    }
    mix->media = media;
    TAILQ_INIT(&mix->legs_open);
    TAILQ_INIT(&mix->players_open);
    thread = least_loaded(mix);
    section = thread != NULL ? section_create(mix, thread, choose_slot(thread)) : NULL;
    if (section == NULL) {
        free(mix);
        return ENOMEM;
    }
    section_join(section);
    TAILQ_INSERT_TAIL(&media->mixes, mix, of_media);
    *mixp = mix;
    return 0;
}

void mix_destroy(struct mix *mix)
{
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);

    loop_assert_thread(mix->media->loop);
    while (!TAILQ_EMPTY(&mix->legs_open)) {
        leg_close(TAILQ_FIRST(&mix->legs_open));
    }
    players_abandon(mix);
    for (unsigned i = 0; i < count; i++) {
        struct section *section = mix->sections[i];

        section->thread->sections--;
        section->thread->slot_load[section->slot]--;
        media_post(mix->media, section->thread, &section->remove);
    }
}

void mix_free(struct mix *mix)
{
    unsigned count = atomic_load_explicit(&mix->section_count, memory_order_relaxed);

    while (!TAILQ_EMPTY(&mix->players_open)) {
        player_free(TAILQ_FIRST(&mix->players_open));
    }
    TAILQ_REMOVE(&mix->media->mixes, mix, of_media);
    for (unsigned i = 0; i < count; i++) {
        section_free(mix->sections[i]);
    }
    free(mix);
}

void mix_section_gone(struct section *section)
{
    struct mix *mix = section->mix;

    mix->sections_gone++;
    if (mix->sections_gone == atomic_load_explicit(&mix->section_count, memory_order_relaxed)) {
        mix_free(mix); /* the message that brought this is part of it */
    }
}
