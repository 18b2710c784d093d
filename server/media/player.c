/* Players: a clip's way into a bus of a mix, as a channel that only speaks. */
#include "media/engine.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- focus thread ---- */

void player_free(struct player *player)
{
    TAILQ_REMOVE(&player->mix->players_open, player, of_mix);
    clip_close(player->clip);
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

/* The clip has been read. */
static int player_begin(struct player *player)
{
    int err = mix_supply_player(player->mix, player->bus, &player->plane);

    if (err == 0) {
        err = playing_init(&player->sound, player->clip, mixer_rates[player->plane], player->fade,
                           player->loop);
    }
    if (err == 0) {
        player->playing = true;
        media_post(player->media, player->section->thread, &player->add);
    }
    return err;
}

int player_create(struct mix *mix, const struct play_config *config, struct player **playerp)
{
    struct player *player;
    int err;

    loop_assert_thread(mix->media->loop);
    player = calloc(1, sizeof *player);
    if (player == NULL) {
        return ENOMEM;
    }
    err = clip_open(mix->media->clips, config->file, &player->clip);
    if (err != 0) {
        free(player);
        return err;
    }
    player->media = mix->media;
    player->mix = mix;
    player->section = mix->sections[0];
    player->user = config->user;
    player->bus = config->bus;
    player->gain = mixer_linear(config->gain);
    player->fade = config->fade;
    player->loop = config->loop;
    player->add = (struct message){.kind = MESSAGE_PLAYER_ADD, .player = player};
    player->stop = (struct message){.kind = MESSAGE_PLAYER_STOP, .player = player};
    mixer_channel_init(&player->channel);
    TAILQ_INSERT_TAIL(&mix->players_open, player, of_mix);
    if (clip_is_read(player->clip)) {
        err = player_begin(player);
        if (err != 0) {
            player_free(player);
            return err;
        }
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

static struct player *find_waiting(struct media *media, const struct clip *clip)
{
    struct mix *mix;
    struct player *player;

    TAILQ_FOREACH(mix, &media->mixes, of_media)
    {
        TAILQ_FOREACH(player, &mix->players_open, of_mix)
        {
            /* The analyzer does not follow that player_free takes it off the list. */
            if (player->clip == clip && // NOLINT(clang-analyzer-unix.Malloc)
                !player->playing) {
                return player;
            }
        }
    }
    return NULL;
}

void players_clip_read(struct clip *clip, void *arg)
{
    const char *problem = clip_problem(clip);
    struct player *player;
    int err;

    /* Looked for from the beginning each time: who is told may start and stop others. */
    while ((player = find_waiting(arg, clip)) != NULL) {
        if (player->stopping || player->abandoned || problem != NULL) {
            player_over(player, problem);
        } else if ((err = player_begin(player)) != 0) {
            player_over(player, err == EINVAL ? "it holds nothing at the rate of the conference"
                                              : strerror(err));
        }
    }
}

void player_returned(struct player *player, enum message_kind kind)
{
    if (kind == MESSAGE_PLAYER_STOP || !player->stopping) {
        player_over(player, NULL);
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
    mixer_channel_feed(&section->mixer, &player->channel, player->plane, player->bus, player->gain);
    player->sound.leaving = section->leaving;
}

void player_apply_stop(struct player *player, struct media_thread *thread)
{
    player->sound.leaving = true;
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

void players_speak(struct section *section, struct media_thread *thread)
{
    struct mixer *mixer = &section->mixer;
    struct player *player, *next;

    for (player = TAILQ_FIRST(&section->players); player != NULL; player = next) {
        unsigned count = mixer_rates[player->plane] / 1000 * FRAME_MS;
        bool goes_on = playing_next(&player->sound, thread->frame, count);

        next = TAILQ_NEXT(player, in_section);
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
        player->sound.leaving = true;
        player->sound.fade = mixer_rates[player->plane] / 1000 * FRAME_MS;
    }
}
