/* A media thread's slot: messages of the focus, RTCP, and the sections whose turn it is. */
#include "media/leg.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/player.h"
#include "media/recorder.h"
#include "media/thread.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { POLL_EVENTS = 64 };

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

    TAILQ_INSERT_TAIL(&leg->section->legs, leg, in_section);
    leg_arrive_again(leg, thread->now);
    leg->rtcp.next = thread->now + leg_rtcp_interval(thread) / 2; /* RFC 3550 §6.2: the first */
    /* Without it (ENOMEM, the user's limit on watches) the leg lives, but hears no reports. */
    (void)epoll_ctl(thread->rtcp_poll, EPOLL_CTL_ADD, leg->sockets.rtcp, &event);
}

/* Fades out within the next tick; then it goes back, by `farewell`. */
static void leg_begin_leaving(struct leg *leg, struct message *farewell)
{
    static const struct mixer_route silence;

    leg->farewell = farewell;

    leg->leaving = true;
    if (leg->routed) {
        mixer_channel_route(&leg->channel, &silence);
    }
}

void leg_depart(struct leg *leg, struct media_thread *thread)
{
    if (leg->farewell == &leg->close) {
        leg_rtcp_bye(leg, thread);
    }
    leg->departed = thread->now;
    leg_end_recorders(leg, thread);
    leg_link_open(leg);
    (void)epoll_ctl(thread->rtcp_poll, EPOLL_CTL_DEL, leg->sockets.rtcp, NULL);
    mixer_channel_leave(&leg->channel);
    TAILQ_REMOVE(&leg->section->legs, leg, in_section);
    thread_give_back(thread, leg->farewell);
}

static void section_begin_leaving(struct section *section, struct media_thread *thread)
{
    struct leg *leg;

    section->leaving = true;
    TAILQ_FOREACH(leg, &section->legs, in_section)
    {
        leg_begin_leaving(leg, leg->farewell); /* it was told to go before */
    }
    players_begin_leaving(section);
    section_end_recorders(section, thread);
}

static void message_apply(struct media_thread *thread, struct message *message)
{
    switch (message->kind) {
    case MESSAGE_SECTION_ADD: /* part of the section, like the leg's below: not given back */
        TAILQ_INSERT_TAIL(&thread->slots[message->section->slot], message->section, in_slot);
        thread->section_count++;
        break;
    case MESSAGE_SECTION_REMOVE:
        section_begin_leaving(message->section, thread);
        break;
    case MESSAGE_SECTION_SUPPLY:
        mixer_install(&message->section->mixer, message->supply);
        thread_give_back(thread, message);
        break;
    case MESSAGE_LEG_ADD:
        leg_arrive(thread, message->leg);
        break;
    case MESSAGE_LEG_CLOSE:
    case MESSAGE_LEG_MOVE:
        leg_begin_leaving(message->leg, message);
        break;
    case MESSAGE_LEG_SESSION:
        leg_apply_session(message->leg, message, thread->now);
        thread_give_back(thread, message);
        break;
    case MESSAGE_LEG_ROUTE:
        if (!message->leg->leaving) {
            message->leg->routed = true;
            message->leg->is_cautious = message->is_cautious;
            mixer_channel_route(&message->leg->channel, message->route);
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
    case MESSAGE_RECORDER_ADD:
        recorder_apply_add(message->recorder, thread);
        break;
    case MESSAGE_RECORDER_STOP:
        recorder_apply_stop(message->recorder, thread);
        break;
    case MESSAGE_STOP:
        thread->stopping = true;
        break;
    }
}

/* The section that the message changes; NULL: none. */
static struct section *section_of(const struct message *message)
{
    if (message->section != NULL) {
        return message->section;
    }
    if (message->player != NULL) {
        return message->player->section;
    }
    if (message->recorder != NULL) {
        return message->recorder->section;
    }
    return message->leg != NULL ? message->leg->section : NULL;
}

static void apply_all(struct media_thread *thread, struct mail *mail)
{
    while (mail != NULL) {
        struct message *message = (struct message *)mail;
        struct section *section = section_of(message);

        mail = mail->next; /* before it is given back */
        if (section != NULL && section->waits) {
            message->mail.next = NULL;
            *section->deferred_end = &message->mail;
            section->deferred_end = &message->mail.next;
        } else {
            message_apply(thread, message);
        }
    }
}

void thread_apply_messages(struct media_thread *thread)
{
    apply_all(thread, mailbox_take(&thread->inbox));
}

/* ---- the tick ---- */

static void check_rtcp(struct media_thread *thread)
{
    struct epoll_event events[POLL_EVENTS];
    int count;

    if (thread->now - thread->rtcp_checked < RTCP_CHECK) {
        return;
    }
    thread->rtcp_checked = thread->now;
    count = epoll_wait(thread->rtcp_poll, events, POLL_EVENTS, 0);
    for (int i = 0; i < count; i++) {
        struct leg *leg = events[i].data.ptr;

        leg_read_rtcp(leg, thread);
    }
}

/* Before legs are read: so what has come is read in this tick. */
static void wake_legs(struct media_thread *thread)
{
    struct epoll_event events[POLL_EVENTS];
    int count = POLL_EVENTS;

    while (thread->dormant > 0 && count == POLL_EVENTS) {
        count = epoll_wait(thread->rtp_poll, events, POLL_EVENTS, 0);
        for (int i = 0; i < count; i++) {
            leg_link_wake(events[i].data.ptr);
        }
    }
}

static void section_depart(struct media_thread *thread, struct section *section)
{
    TAILQ_REMOVE(&thread->slots[section->slot], section, in_slot);
    thread->section_count--;
    thread_give_back(thread, &section->remove);
}

void thread_wake_focus(struct media_thread *thread)
{
    if (thread->signal) {
        uint64_t one = 1;

        thread->signal = false;
        /* It can only fail when the counter is full, and then the focus is awake. */
        if (write(thread->event_fd, &one, sizeof one) < 0) {
            return;
        }
    }
}

/* The second half of a section's tick. */
static void finish(struct media_thread *thread, struct section *section)
{
    struct mail *deferred = section->deferred;

    section_speak(section, thread);
    section->waits = false;
    section->deferred = NULL;
    section->deferred_end = &section->deferred;
    apply_all(thread, deferred);
    if (section->leaving && TAILQ_EMPTY(&section->legs) && TAILQ_EMPTY(&section->players)) {
        section_depart(thread, section);
    }
}

/* Sections that wait for those of other threads. */
static void finish_waiting(struct media_thread *thread, uint64_t slot)
{
    struct section *section, *next;

    for (section = TAILQ_FIRST(&thread->waiting); section != NULL; section = next) {
        next = TAILQ_NEXT(section, in_waiting);
        if (section_is_ready(section, slot)) {
            TAILQ_REMOVE(&thread->waiting, section, in_waiting);
            finish(thread, section);
        }
    }
}

void thread_finish_waiting(struct media_thread *thread, uint64_t slot)
{
    finish_waiting(thread, slot);
    if (thread->uring != NULL) {
        uring_flush(thread->uring);
    }
    thread_wake_focus(thread);
}

void thread_work_slot(struct media_thread *thread, uint64_t slot)
{
    struct section *section, *next;

    thread->fetched = 0;
    check_rtcp(thread);
    wake_legs(thread);
    finish_waiting(thread, slot);
    for (section = TAILQ_FIRST(&thread->slots[slot % SLOTS]); section != NULL; section = next) {
        next = TAILQ_NEXT(section, in_slot);
        section_listen(section, thread, slot);
        if (section_is_ready(section, slot)) {
            finish(thread, section);
        } else {
            section->waits = true;
            TAILQ_INSERT_TAIL(&thread->waiting, section, in_waiting);
        }
    }
    thread_finish_waiting(thread, slot);
}

static void give_back_all(struct media_thread *thread, struct mail *mail)
{
    while (mail != NULL) {
        struct mail *next = mail->next;

        thread_give_back(thread, (struct message *)mail);
        mail = next;
    }
}

void thread_end_legs(struct media_thread *thread)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct section *section;

        TAILQ_FOREACH(section, &thread->slots[slot], in_slot)
        {
            struct leg *leg;

            TAILQ_FOREACH(leg, &section->legs, in_section)
            {
                leg_rtcp_bye(leg, thread);
            }
            give_back_all(thread, section->deferred);
        }
    }
}
