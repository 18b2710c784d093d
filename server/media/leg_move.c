/*
 * A leg goes from one mix to another, with its sockets and all that it knows of its peer.
 *
 * It belongs to one media thread at a time: it fades out where it was, comes back to the focus, and
 * is handed to the thread of its new section. What it is asked meanwhile waits until it is there.
 */
#include "media/engine.h"
#include "media/leg.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/thread.h"

#include <errno.h>
#include <stdlib.h>

/* ---- focus thread ---- */

void leg_post(struct leg *leg, struct message *message)
{
    if (leg->home == leg->section) {
        media_post(leg->media, leg->section->thread, message);
        return;
    }
    message->mail.next = NULL;
    *leg->waiting_end = &message->mail;
    leg->waiting_end = &message->mail.next;
}

int leg_move(struct leg *leg, struct mix *mix, void *user)
{
    struct section *from = leg->section, *to;
    int err;

    loop_assert_thread(leg->media->loop);
    if (leg->home != from) {
        return EBUSY;
    }
    to = mix_place(mix);
    mixer_stock_add(&to->stock, leg->sends);
    err = mix_supply(to, leg->sends, 0, false);
    if (err != 0) {
        mixer_stock_remove(&to->stock, leg->sends);
        return err;
    }
    mixer_stock_remove(&from->stock, leg->sends);
    TAILQ_REMOVE(&from->mix->legs_open, leg, of_mix);
    TAILQ_INSERT_TAIL(&mix->legs_open, leg, of_mix);
    section_count_legs(from, -1);
    section_count_legs(to, 1);
    leg->user = user;
    leg->home = to;
    leg->waiting_end = &leg->waiting;
    leg->move = (struct message){.kind = MESSAGE_LEG_MOVE, .leg = leg};
    media_post(leg->media, from->thread, &leg->move);
    return 0;
}

void leg_moved(struct leg *leg)
{
    struct mail *waiting = leg->waiting;

    if (leg->abandoned) {
        leg_free(leg);
        return;
    }
    leg->section = leg->home;
    leg->waiting = NULL;
    leg->routed = leg->leaving = false;
    mixer_channel_init(&leg->channel);
    leg->add = (struct message){.kind = MESSAGE_LEG_ADD, .leg = leg};
    leg_post(leg, &leg->add);
    while (waiting != NULL) {
        struct message *message = (struct message *)waiting;

        waiting = waiting->next;
        leg_post(leg, message);
    }
}

/* ---- media thread ---- */

void leg_arrive_again(struct leg *leg, uint64_t now)
{
    unsigned missed;

    if (leg->departed == 0 || leg->stream == NULL) {
        return;
    }
    /* To the peer it was silent for so many packets. */
    missed = (unsigned)((now - leg->departed) / 1000 / FRAME_MS);
    leg_tune(leg);
    leg_write_nothing(leg);
    leg->timestamp += missed * (leg->stream->clock_rate / 1000 * FRAME_MS);
}
