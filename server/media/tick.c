/* A media thread's slot: messages of the focus, RTCP, and the mixes whose turn it is. */
#include "media/engine.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { RTCP_EVENTS = 64 };

/* How often the RTCP sockets are looked at, µs. */
static const uint64_t RTCP_CHECK = FRAME_MS * 1000;

void thread_give_back(struct media_thread *thread, struct message *message)
{
    mailbox_post(&thread->returned, &message->mail);
    thread->signal = true;
}

/* ---- messages ---- */

static void leg_arrive(struct media_thread *thread, struct leg *leg)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = leg};

    TAILQ_INSERT_TAIL(&leg->mix->legs, leg, in_mix);
    leg->rtcp.next = thread->now + leg_rtcp_interval(thread) / 2; /* RFC 3550 §6.2: the first */
    /* Without it (ENOMEM, the user's limit on watches) the leg lives, but hears no reports. */
    (void)epoll_ctl(thread->rtcp_poll, EPOLL_CTL_ADD, leg->sockets.rtcp, &event);
}

/* Fades out within the next tick; then it goes. */
static void leg_begin_leaving(struct leg *leg)
{
    static const struct mixer_route silence;

    leg->leaving = true;
    if (leg->routed) {
        mixer_channel_route(&leg->mix->mixer, &leg->channel, &silence);
    }
}

static void leg_depart(struct media_thread *thread, struct leg *leg)
{
    leg_rtcp_bye(leg, thread);
    (void)epoll_ctl(thread->rtcp_poll, EPOLL_CTL_DEL, leg->sockets.rtcp, NULL);
    mixer_channel_leave(&leg->channel);
    TAILQ_REMOVE(&leg->mix->legs, leg, in_mix);
    thread_give_back(thread, &leg->close);
}

static void mix_begin_leaving(struct mix *mix)
{
    struct leg *leg;

    mix->leaving = true;
    TAILQ_FOREACH(leg, &mix->legs, in_mix)
    {
        leg_begin_leaving(leg);
    }
    players_begin_leaving(mix);
}

static void message_apply(struct media_thread *thread, struct message *message)
{
    switch (message->kind) {
    case MESSAGE_MIX_ADD: /* part of the mix, like the leg's below: not given back */
        TAILQ_INSERT_TAIL(&thread->slots[message->mix->slot], message->mix, in_slot);
        thread->mix_count++;
        break;
    case MESSAGE_MIX_REMOVE:
        mix_begin_leaving(message->mix);
        break;
    case MESSAGE_LEG_ADD:
        leg_arrive(thread, message->leg);
        break;
    case MESSAGE_LEG_CLOSE:
        leg_begin_leaving(message->leg);
        break;
    case MESSAGE_LEG_SESSION:
        leg_apply_session(message->leg, message, thread->now);
        thread_give_back(thread, message);
        break;
    case MESSAGE_LEG_ROUTE:
        if (!message->leg->leaving) {
            message->leg->routed = true;
            mixer_channel_route(&message->leg->mix->mixer, &message->leg->channel, &message->route);
        }
        thread_give_back(thread, message);
        break;
    case MESSAGE_LEG_VOICE:
        leg_apply_voice(message->leg, thread, message);
        break;
    case MESSAGE_PLAYER_ADD:
        player_apply_add(message->player);
        break;
    case MESSAGE_PLAYER_STOP:
        player_apply_stop(message->player, thread);
        break;
    case MESSAGE_STOP:
        thread->stopping = true;
        break;
    }
}

void thread_apply_messages(struct media_thread *thread)
{
    struct mail *mail = mailbox_take(&thread->inbox);

    while (mail != NULL) {
        struct mail *next = mail->next; /* before it is given back */

        message_apply(thread, (struct message *)mail);
        mail = next;
    }
}

/* ---- the tick ---- */

static void check_rtcp(struct media_thread *thread)
{
    struct epoll_event events[RTCP_EVENTS];
    int count;

    if (thread->now - thread->rtcp_checked < RTCP_CHECK) {
        return;
    }
    thread->rtcp_checked = thread->now;
    count = epoll_wait(thread->rtcp_poll, events, RTCP_EVENTS, 0);
    for (int i = 0; i < count; i++) {
        struct leg *leg = events[i].data.ptr;

        leg_read(leg, thread, leg->sockets.rtcp);
    }
}

/* Ticks that were dropped are silence to the peers: the timestamps go on, the next packet has the
 * marker bit. */
static void mix_catch_up(struct mix *mix, uint64_t slot)
{
    uint64_t missed = mix->last_slot != 0 ? (slot - mix->last_slot) / SLOTS - 1 : 0;
    struct leg *leg;

    mix->last_slot = slot;
    if (missed == 0) {
        return;
    }
    TAILQ_FOREACH(leg, &mix->legs, in_mix)
    {
        if (leg->stream != NULL) {
            leg_write_nothing(leg);
            leg->timestamp += (uint32_t)missed * (leg->stream->clock_rate / 1000 * FRAME_MS);
        }
    }
}

static void mix_work(struct media_thread *thread, struct mix *mix, uint64_t slot)
{
    struct leg *leg, *next;

    mix_catch_up(mix, slot);
    mixer_begin(&mix->mixer);
    TAILQ_FOREACH(leg, &mix->legs, in_mix)
    {
        leg_listen(leg, thread);
        leg_watch_life(leg, thread);
    }
    players_speak(mix, thread);
    for (leg = TAILQ_FIRST(&mix->legs); leg != NULL; leg = next) {
        next = TAILQ_NEXT(leg, in_mix);
        leg_speak(leg, thread);
        if (leg->leaving) {
            leg_depart(thread, leg);
        }
    }
}

static void mix_depart(struct media_thread *thread, struct mix *mix)
{
    TAILQ_REMOVE(&thread->slots[mix->slot], mix, in_slot);
    thread->mix_count--;
    thread_give_back(thread, &mix->remove);
}

static void wake_focus(struct media_thread *thread)
{
    if (thread->signal) {
        uint64_t one = 1;

        thread->signal = false;
        /* It can only fail when the counter is full, and then the focus is awake. */
        if (write(thread->event_fd, &one, sizeof(one)) < 0) {
            return;
        }
    }
}

void thread_work_slot(struct media_thread *thread, uint64_t slot)
{
    struct mix *mix, *next;

    check_rtcp(thread);
    for (mix = TAILQ_FIRST(&thread->slots[slot % SLOTS]); mix != NULL; mix = next) {
        next = TAILQ_NEXT(mix, in_slot);
        mix_work(thread, mix, slot);
        if (mix->leaving && TAILQ_EMPTY(&mix->legs) && TAILQ_EMPTY(&mix->players)) {
            mix_depart(thread, mix);
        }
    }
    wake_focus(thread);
}

void thread_end_legs(struct media_thread *thread)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct mix *mix;

        TAILQ_FOREACH(mix, &thread->slots[slot], in_slot)
        {
            struct leg *leg;

            TAILQ_FOREACH(leg, &mix->legs, in_mix)
            {
                leg_rtcp_bye(leg, thread);
            }
        }
    }
}
