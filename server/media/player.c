/* Players: a clip's way into a bus of a mix, as a channel that only speaks. */
#include "media/player.h"
#include "media/engine.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/thread.h"

#include "core/failure.h"
#include "core/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- focus thread ---- */

void player_free(struct player *player)
{
    TAILQ_REMOVE(&player->mix->players_open, player, of_mix);
    for (unsigned i = 0; i < player->part_count; i++) {
        clip_close(player->parts[i].clip);
    }
    free(player);
}

/* Tells that it is over, last of all: whoever is told may play again. */
static void player_over(struct player *player, const char *problem)
{
    const struct mixing_events *events = player->media->events;
    void *user = player->user, *arg = player->media->events_arg;
    bool abandoned = player->abandoned;

    player_free(player);
    if (!abandoned) {
        events->on_played(user, problem, arg);
    }
}

/* All that it plays has been read. */
static int player_begin(struct player *player)
{
    int err = mix_supply_player(player->mix, player->bus, &player->plane);

    for (unsigned i = 0; err == 0 && i < player->part_count; i++) {
        struct player_part *part = &player->parts[i];

        err = playing_init(&part->sound, part->clip, mixer_rates[player->plane], player->fade,
                           player->loop);
    }
    if (err == 0) {
        player->playing = true;
        media_post(player->media, player->section->thread, &player->add);
    }
    return err;
}

static bool is_read(const struct player *player)
{
    unsigned i = 0;

    while (i < player->part_count && clip_is_read(player->parts[i].clip)) {
        i++;
    }
    return i == player->part_count;
}

static const char *problem_of(const struct player *player)
{
    const char *problem = NULL;

    for (unsigned i = 0; problem == NULL && i < player->part_count; i++) {
        problem = clip_problem(player->parts[i].clip);
    }
    return problem;
}

/* The files of a list. Closing what was opened is the caller's. */
static int open_parts(struct player *player, struct clips *clips, const struct play_config *config)
{
    const char *list = config->file;
    char file[PATH_SIZE];
    int err = 0;

    for (unsigned i = 0; err == 0 && i < player->part_count; i++) {
        size_t length = strcspn(list, (char[]){PLAY_NEXT, '\0'});

        (void)snprintf(file, sizeof file, "%.*s", (int)length, list);
        err = clip_open(clips, config->language, file, config->shuffle, &player->parts[i].clip);
        list += length + 1;
    }
    return err;
}

static unsigned count_parts(const char *list)
{
    unsigned count = 1;

    while ((list = strchr(list, PLAY_NEXT)) != NULL) {
        list++;
        count++;
    }
    return count;
}

static void player_prepare(struct player *player, struct mix *mix, const struct play_config *config)
{
    player->media = mix->media;
    player->mix = mix;
    player->section = mix->sections[0];
    player->user = config->user;
    player->bus = config->bus;
    atomic_init(&player->gain, mixer_linear(config->gain));
    player->fade = config->fade;
    player->loop = config->loop && player->part_count == 1;
    player->add = (struct message){.kind = MESSAGE_PLAYER_ADD, .player = player};
    player->stop = (struct message){.kind = MESSAGE_PLAYER_STOP, .player = player};
    mixer_channel_init(&player->channel);
    TAILQ_INSERT_TAIL(&mix->players_open, player, of_mix);
}

int player_create(struct mix *mix, const struct play_config *config, struct player **playerp)
{
    unsigned count = count_parts(config->file);
    struct player *player;
    int err;

    loop_assert_thread(mix->media->loop);
    if (count > PLAY_MOST) {
        return E2BIG;
    }
    player = calloc(1, sizeof *player + count * sizeof *player->parts);
    if (player == NULL) {
        return ENOMEM;
    }
    player->part_count = count;
    player_prepare(player, mix, config);
    err = open_parts(player, mix->media->clips, config);
    if (err == 0 && player->loop && clip_goes_on(player->parts[0].clip)) {
        player->goes_on = true;
        player->loop = false;
    }
    if (err == 0 && is_read(player)) {
        err = player_begin(player);
    }
    if (err != 0) {
        player_free(player);
        return err;
    }
    *playerp = player;
    return 0;
}

void player_stop(struct player *player)
{
    loop_assert_thread(player->media->loop);
    if (player->stopping) {
        return;
    }
    player->stopping = true;
    if (player->playing) {
        media_post(player->media, player->section->thread, &player->stop);
    }
}

void player_set_gain(struct player *player, float gain)
{
    loop_assert_thread(player->media->loop);
    atomic_store_explicit(&player->gain, mixer_linear(gain), memory_order_relaxed);
}

static bool plays(const struct player *player, const struct clip *clip)
{
    unsigned i = 0;

    while (i < player->part_count && player->parts[i].clip != clip) {
        i++;
    }
    return i < player->part_count;
}

/* One that plays the clip and need not wait any longer. */
static struct player *find_waiting(struct media *media, const struct clip *clip)
{
    struct mix *mix;
    struct player *player;

    TAILQ_FOREACH(mix, &media->mixes, of_media)
    {
        TAILQ_FOREACH(player, &mix->players_open, of_mix)
        {
            /* The analyzer does not follow that player_free takes it off the list. */
            if (!player->playing && // NOLINT(clang-analyzer-unix.Malloc)
                plays(player, clip) && (is_read(player) || problem_of(player) != NULL)) {
                return player;
            }
        }
    }
    return NULL;
}

void players_clip_read(struct clip *clip, void *arg)
{
    struct player *player;
    int err;

    /* Looked for from the beginning each time: who is told may start and stop others. */
    while ((player = find_waiting(arg, clip)) != NULL) {
        if (player->stopping || player->abandoned || problem_of(player) != NULL) {
            player_over(player, problem_of(player));
        } else if ((err = player_begin(player)) != 0) {
            player_over(player, err == EINVAL ? "it holds nothing at the rate of the conference"
                                              : failure_text(err));
        }
    }
}

/* A folder of music has been played to the end of one file: now the next. */
static int player_go_on(struct player *player)
{
    struct player_part *part = &player->parts[0];
    struct clip *next;
    int err = clip_open_next(part->clip, &next);

    if (err != 0) {
        return err;
    }
    clip_close(part->clip);
    part->clip = next;
    player->playing = player->ended = false;
    mixer_channel_init(&player->channel);
    return is_read(player) ? player_begin(player) : 0;
}

void player_returned(struct player *player, enum message_kind kind)
{
    if (kind != MESSAGE_PLAYER_STOP && player->stopping) {
        return;
    }
    if (!player->goes_on || player->stopping || player->abandoned) {
        player_over(player, NULL);
    } else {
        int err = player_go_on(player);

        if (err != 0) {
            player_over(player, failure_text(err));
        }
    }
}

void players_abandon(struct mix *mix)
{
    struct player *player;

    TAILQ_FOREACH(player, &mix->players_open, of_mix)
    {
        player->abandoned = true;
    }
}

/* ---- media thread ---- */

void player_apply_add(struct player *player)
{
    struct section *section = player->section;

    TAILQ_INSERT_TAIL(&section->players, player, in_section);
    player->channel_gain = atomic_load_explicit(&player->gain, memory_order_relaxed);
    mixer_channel_feed(&section->mixer, &player->channel, player->plane, player->bus,
                       player->channel_gain, 1);
    player->parts[0].sound.leaving = section->leaving;
}

void player_apply_stop(struct player *player, struct media_thread *thread)
{
    player->parts[player->part].sound.leaving = true;
    player->stop_asked = true;
    if (player->ended) {
        thread_give_back(thread, &player->stop);
    }
}

static void player_depart(struct player *player, struct media_thread *thread)
{
    bool stop_asked = player->stop_asked; /* if not, the player may be gone once it is back */

    TAILQ_REMOVE(&player->section->players, player, in_section);
    player->ended = true;
    thread_give_back(thread, &player->add);
    if (stop_asked) {
        thread_give_back(thread, &player->stop);
    }
}

/* The next `count` samples, over the end of a part into the next one. False: there is no more. */
static bool player_next(struct player *player, float *frame, unsigned count)
{
    for (;;) {
        struct playing *sound = &player->parts[player->part].sound;
        bool is_last = player->part + 1 == player->part_count;
        size_t left = playing_left(sound);
        unsigned here = is_last || left > count ? count : (unsigned)left;
        bool goes_on = playing_next(sound, frame, here);

        frame += here;
        count -= here;
        if (is_last || (goes_on && count == 0)) {
            return goes_on;
        }
        if (playing_left(sound) == 0) {
            player->part++;
            player->parts[player->part].sound.leaving = sound->leaving;
        } else if (!goes_on) { /* it has been stopped, and the rest is silence */
            memset(frame, 0, count * sizeof *frame);
            return false;
        }
        if (count == 0) {
            return true;
        }
    }
}

static void player_follow_gain(struct player *player, struct mixer *mixer)
{
    float gain = atomic_load_explicit(&player->gain, memory_order_relaxed);
    unsigned ramp = gain < player->channel_gain ? PLAY_DOWN : PLAY_UP;

    if (gain == player->channel_gain) {
        return;
    }
    player->channel_gain = gain;
    mixer_channel_feed(mixer, &player->channel, player->plane, player->bus, gain, ramp / FRAME_MS);
}

void players_speak(struct section *section, struct media_thread *thread)
{
    struct mixer *mixer = &section->mixer;
    struct player *player, *next;

    for (player = TAILQ_FIRST(&section->players); player != NULL; player = next) {
        unsigned count = mixer_rates[player->plane] / 1000 * FRAME_MS;
        bool goes_on = player_next(player, thread->frame, count);

        next = TAILQ_NEXT(player, in_section);
        player_follow_gain(player, mixer);
        /* Full power: music that is soft for a while is not a silent line. */
        mixer_take(mixer, &player->channel, thread->frame, 1, false);
        mixer_settle(&player->channel);
        if (!goes_on) {
            player_depart(player, thread);
        }
    }
}

void players_begin_leaving(struct section *section)
{
    struct player *player;

    TAILQ_FOREACH(player, &section->players, in_section)
    {
        struct playing *sound = &player->parts[player->part].sound;

        sound->leaving = true;
        sound->fade = mixer_rates[player->plane] / 1000 * FRAME_MS;
    }
}
