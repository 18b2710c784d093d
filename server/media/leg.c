/* Legs as the focus has them: created, given sessions and routes, closed. Focus thread. */
#include "media/leg.h"
#include "media/engine.h"
#include "media/message.h"
#include "media/mix.h"
#include "media/thread.h"

#include "core/id.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message *message_create(enum message_kind kind, const char *what)
{
    struct message *message = calloc(1, sizeof *message);

    if (message == NULL) {
        log_error("media: out of memory, %s is not changed", what);
        return NULL;
    }
    message->kind = kind;
    return message;
}

/* RFC 3550 §5.1: begin at random, so that known plaintext attacks on encryption are harder. */
static void choose_numbers(struct leg *leg)
{
    struct {
        uint32_t ssrc, timestamp;
        uint16_t sequence;
    } numbers;

    random_bytes(&numbers, sizeof numbers);
    leg->ssrc = numbers.ssrc;
    leg->timestamp = numbers.timestamp;
    leg->sequence = numbers.sequence;
    leg->ticks = numbers.sequence;
}

static void choose_cname(struct leg *leg, const char *name)
{
    if (name != NULL && *name != '\0') {
        (void)snprintf(leg->cname, sizeof leg->cname, "%s", name);
    } else {
        id_random(leg->cname, 24 + 1); /* RFC 7022 §4.2: 96 random bits */
    }
}

static struct sockets *sockets_of(struct media *media, int family)
{
    for (unsigned i = 0; i < media->address_count; i++) {
        if (media->sockets[i].address.ss_family == family) {
            return &media->sockets[i];
        }
    }
    return NULL;
}

static void leg_prepare(struct leg *leg, struct section *section, const struct leg_config *config)
{
    leg->section = leg->home = section;
    leg->link = (struct leg_link){.state = LINK_OPEN, .number = -1, .place = -1};
    leg->media = section->mix->media;
    leg->family = config->family;
    leg->timeout = config->timeout;
    leg->user = config->user;
    leg->add = (struct message){.kind = MESSAGE_LEG_ADD, .leg = leg};
    leg->close = (struct message){.kind = MESSAGE_LEG_CLOSE, .leg = leg};
    choose_cname(leg, config->name);
    mixer_channel_init(&leg->channel);
    level_init(&leg->level);
    atomic_store_explicit(&leg->counters.level, LEVEL_SILENCE, memory_order_relaxed);
    leg->grade = "";
}

void section_count_legs(struct section *section, int more)
{
    section->leg_count += (unsigned)more;
    section->thread->legs += (unsigned)more;
    section->thread->slot_load[section->slot] += (unsigned)more;
}

int leg_create(struct mix *mix, const struct leg_config *config, struct leg **legp)
{
    struct media *media = mix->media;
    struct sockets *ports = sockets_of(media, config->family);
    struct leg *leg;
    int err;

    loop_assert_thread(media->loop);
    if (ports == NULL) {
        return EAFNOSUPPORT;
    }
    leg = calloc(1, sizeof *leg);
    if (leg == NULL) {
        return ENOMEM;
    }
    err = sockets_open(ports, &leg->sockets);
    if (err != 0) {
        free(leg);
        return err;
    }
    leg_prepare(leg, mix_place(mix), config);
    choose_numbers(leg);
    leg->ports = ports;
    TAILQ_INSERT_TAIL(&media->legs, leg, of_media);
    TAILQ_INSERT_TAIL(&mix->legs_open, leg, of_mix);
    media_watch(media);
    section_count_legs(leg->section, 1);
    media_post(media, leg->section->thread, &leg->add);
    *legp = leg;
    return 0;
}

void leg_address(const struct leg *leg, struct media_address *address)
{
    address->rtp = leg->ports->address;
    address_set_port(&address->rtp, leg->sockets.port);
    address->rtcp_port = (uint16_t)(leg->sockets.port + 1);
}

/* The jitter buffer comes with the first session that has audio for us, and stays. */
static int add_jitter(struct leg *leg, struct message *message)
{
    const struct stream_format *format = stream_find_audio(message->stream, NULL);

    if (leg->has_jitter || format == NULL) {
        return 0;
    }
    message->jitter = jitter_create(format->codec, format->decoder);
    return message->jitter != NULL ? 0 : ENOMEM;
}

/* The mix is to have what it needs to send this codec. */
static int choose_sender(struct leg *leg, const struct codec *codec)
{
    int err;

    mixer_stock_add(&leg->home->stock, codec);
    err = mix_supply(leg->home, codec, 0, false);
    if (err == 0) {
        mixer_stock_remove(&leg->home->stock, leg->sends);
        leg->sends = codec;
    } else {
        mixer_stock_remove(&leg->home->stock, codec);
    }
    return err;
}

void leg_session(struct leg *leg, const struct session *session)
{
    struct message *message = message_create(MESSAGE_LEG_SESSION, "a leg's session");
    int err;

    loop_assert_thread(leg->media->loop);
    if (message == NULL) {
        return;
    }
    message->leg = leg;
    err = stream_create(session, leg->family, &message->stream);
    if (err == 0 && leg->agreed != NULL) {
        err = stream_add_former(message->stream, leg->agreed);
    }
    if (err == 0) {
        err = add_jitter(leg, message);
    }
    if (err == 0) {
        err = choose_sender(leg, message->stream->codec);
    }
    if (err != 0) {
        log_error("media: a leg's session is not changed: %s", strerror(err));
        stream_destroy(message->stream);
        jitter_destroy(message->jitter);
        free(message);
        return;
    }
    leg->agreed = message->stream;
    leg->has_jitter |= message->jitter != NULL;
    if (message->stream->codec == NULL && session->codec.name[0] != '\0') {
        log_warn("media: no codec \"%s\" at %u Hz: nothing is sent to port %u's peer",
                 session->codec.name, session->codec.clock_rate, leg->sockets.port);
    }
    leg_voice_session(leg, message->stream);
    leg_post(leg, message);
}

struct route_message {
    struct message message; /* first: they are freed as one */
    struct mixer_route route;
};

/* Returns the buses in use, as a bit mask; `speaksp`: to how many it speaks. */
static uint64_t route_convert(const struct leg_route *wish, struct mixer_route *route,
                              unsigned *speaksp)
{
    uint64_t buses = 0;

    *speaksp = 0;
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        float speaks = mixer_linear(wish->speaks[bus]), hears = mixer_linear(wish->hears[bus]);

        route->speaks[bus] = speaks;
        route->hears[bus] = hears;
        *speaksp += speaks != 0;
        buses |= speaks != 0 || hears != 0 ? UINT64_C(1) << bus : 0;
    }
    route->ticks = (wish->ramp + FRAME_MS - 1) / FRAME_MS;
    route->at_once = wish->at_once;
    route->at_last = wish->at_last;
    return buses;
}

int leg_route(struct leg *leg, const struct leg_route *route)
{
    struct route_message *way = calloc(1, sizeof *way);
    unsigned speaks = 0;
    uint64_t buses;
    int err = ENOMEM;

    loop_assert_thread(leg->media->loop);
    if (way != NULL) {
        buses = route_convert(route, &way->route, &speaks);
        err = speaks > MIX_SPEAKS ? EINVAL : mix_supply(leg->home, NULL, buses, false);
    }
    if (err != 0) {
        log_error("media: a leg's route is not changed: %s", strerror(err));
        free(way);
        return err;
    }
    way->message = (struct message){
        .kind = MESSAGE_LEG_ROUTE,
        .leg = leg,
        .route = &way->route,
        .is_cautious = route->is_cautious,
    };
    leg_post(leg, &way->message);
    return 0;
}

void leg_close(struct leg *leg)
{
    loop_assert_thread(leg->media->loop);
    leg->abandoned = true;
    TAILQ_REMOVE(&leg->home->mix->legs_open, leg, of_mix);
    mixer_stock_remove(&leg->home->stock, leg->sends);
    section_count_legs(leg->home, -1);
    if (leg->home == leg->section) {
        leg_post(leg, &leg->close);
    } /* else it goes when it comes back from where it was */
}

void leg_free(struct leg *leg)
{
    uint64_t unsent = atomic_load_explicit(&leg->counters.unsent, memory_order_relaxed);

    if (unsent > 0) {
        log_debug("media: the kernel refused %llu packets of the leg on port %u",
                  (unsigned long long)unsent, leg->sockets.port);
    }
    while (leg->waiting != NULL) {
        struct message *message = (struct message *)leg->waiting;

        leg->waiting = leg->waiting->next;
        message_free(message);
    }
    TAILQ_REMOVE(&leg->media->legs, leg, of_media);
    sockets_close(leg->ports, &leg->sockets);
    jitter_destroy(leg->jitter);
    stream_destroy(leg->stream);
    voice_destroy(leg->voice);
    if (leg->voice_message != NULL) {
        voice_destroy(leg->voice_message->voice);
        free(leg->voice_message);
    }
    free(leg);
}

void leg_hand_up(struct leg *leg)
{
    const struct mixing_events *events = leg->media->events;
    void *arg = leg->media->events_arg;
    bool speaking = atomic_load_explicit(&leg->counters.speaking, memory_order_relaxed);
    unsigned silent_ms;
    uint32_t digit;

    if (atomic_exchange_explicit(&leg->lacks_encoder, false, memory_order_relaxed) &&
        !leg->abandoned && leg->sends != NULL && mix_supply(leg->home, leg->sends, 0, true) != 0) {
        log_error("media: out of memory, %s is not encoded for all", leg->sends->format.name);
    }
    if (!leg->abandoned) {
        leg_voice_heard(leg);
    }
    /* Each handler may close the leg. */
    if (!leg->abandoned && speaking != leg->told_speaking) {
        leg->told_speaking = speaking;
        events->on_speaking(leg->user, speaking, arg);
    }
    while (!leg->abandoned && ring_get(&leg->digits, &digit)) {
        events->on_digit(leg->user, (char)(digit >> 16), digit & 0xffff, arg);
    }
    silent_ms = atomic_exchange_explicit(&leg->silent_ms, 0, memory_order_relaxed);
    if (!leg->abandoned && silent_ms > 0) {
        events->on_timeout(leg->user, silent_ms, arg);
    }
}

void leg_stats(const struct leg *leg, struct leg_stats *stats)
{
    const struct leg_counters *counters = &leg->counters;

    (void)snprintf(stats->codec, sizeof stats->codec, "%s",
                   leg->sends != NULL ? leg->sends->format.name : "");
    stats->received = atomic_load_explicit(&counters->received, memory_order_relaxed);
    stats->sent = atomic_load_explicit(&counters->sent, memory_order_relaxed);
    stats->lost = atomic_load_explicit(&counters->lost, memory_order_relaxed);
    stats->late = atomic_load_explicit(&counters->late, memory_order_relaxed);
    stats->rejected = atomic_load_explicit(&counters->rejected, memory_order_relaxed);
    stats->concealed = atomic_load_explicit(&counters->concealed, memory_order_relaxed);
    stats->clipped = atomic_load_explicit(&counters->clipped, memory_order_relaxed);
    stats->jitter = atomic_load_explicit(&counters->jitter, memory_order_relaxed);
    stats->delay = atomic_load_explicit(&counters->delay, memory_order_relaxed);
    stats->level = atomic_load_explicit(&counters->level, memory_order_relaxed);
    stats->round_trip = atomic_load_explicit(&counters->round_trip, memory_order_relaxed);
    stats->remote_lost = atomic_load_explicit(&counters->remote_lost, memory_order_relaxed);
    stats->remote_loss = atomic_load_explicit(&counters->remote_loss, memory_order_relaxed);
    stats->remote_discarded =
        atomic_load_explicit(&counters->remote_discarded, memory_order_relaxed);
    stats->remote_jitter = atomic_load_explicit(&counters->remote_jitter, memory_order_relaxed);
    stats->speaking = atomic_load_explicit(&counters->speaking, memory_order_relaxed);
    stats->pause = atomic_load_explicit(&counters->pause, memory_order_relaxed);
    stats->source = atomic_load_explicit(&counters->source, memory_order_relaxed);
    leg_quality_stats(leg, stats);
}
