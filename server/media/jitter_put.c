/* Packets into the jitter buffer: which are taken, and which of them need not be decoded. */
#include "media/jitter_parts.h"

#include <math.h>

enum {
    LATE_RUN = 8,    /* so many late packets and no other: the sender began anew */
    IDLE_AFTER = 25, /* packets of background that nobody would hear, then they are not decoded */
    /* Of packets that are not played so many are decoded all the same: to know how loud they are;
     * or, since the sender says that there is little in them, whether that is so: it may know only
     * voices, and cut music. */
    SAMPLE_EVERY = 5,
    CHECK_EVERY = 25,
};

/* ---- the sequence ---- */

/* A packet that is older than what was played last. True when it is to be taken after all. */
static bool put_late(struct jitter *jitter, const struct rtp_packet *packet, unsigned behind)
{
    if (behind <= 64) {
        uint64_t bit = (uint64_t)1 << (behind - 1);
        if (jitter->taken & bit) {
            return false; /* a duplicate */
        }
        jitter->taken |= bit;
        uint32_t lead = packet->timestamp * jitter->ratio - jitter->played;
        lateness_add(&jitter->lateness, lead, jitter->packet_length);
    }
    jitter->stats.late++;
    if (jitter->store.count > 0 || ++jitter->late_run < LATE_RUN) {
        return false;
    }
    jitter_begin_anew(jitter);
    return true;
}

/* Finds the packet's place in the sequence; false: it is not to be taken. */
static bool put_in_sequence(struct jitter *jitter, const struct rtp_packet *packet)
{
    int ahead = (int16_t)(packet->sequence - jitter->next_sequence);
    if (jitter->has_sequence && jitter->started && ahead < 0 &&
        !put_late(jitter, packet, (unsigned)-ahead)) {
        return false;
    }
    if (!jitter->has_sequence) {
        jitter->has_sequence = true;
        jitter->next_sequence = packet->sequence;
    } else if (ahead < 0 && ahead > -STORE_SLOTS) {
        jitter->next_sequence = packet->sequence; /* out of order at the very beginning */
    } else if (ahead < 0 || ahead >= STORE_SLOTS) {
        store_clear(&jitter->store);
        jitter->has_newest = false;
        jitter->taken = 0;
        jitter->next_sequence = packet->sequence;
    }
    return true;
}

/* ---- what need not be decoded ---- */

/* What the payload itself shows is believed before what the sender says of it. NAN: not known. */
static float power_of(const struct jitter *jitter, const struct rtp_packet *packet)
{
    if (jitter->codec->power) {
        return jitter->codec->power(packet->payload, packet->payload_size);
    }
    return packet->has_power && !jitter->is_deceived ? packet->power : NAN;
}

/* Whether one of so many packets has come that are not played, but looked at. */
static bool is_due(struct jitter *jitter, unsigned every)
{
    if (++jitter->unsampled < every) {
        return false;
    }
    jitter->unsampled = 0;
    return true;
}

/* Whether nobody would hear the packet. A decoder that misses it, and it is not silence, will not
 * know what the next ones go on from. */
static bool is_unheard(struct jitter *jitter, const struct rtp_packet *packet,
                       struct stored_packet *stored)
{
    if (jitter->unheard <= 0) {
        return false;
    }
    stored->power = power_of(jitter, packet);
    if (isnan(stored->power) && isinf(jitter->unheard)) {
        stored->power = jitter->sampled;
        stored->is_sample = is_due(jitter, stored->is_background ? CHECK_EVERY : SAMPLE_EVERY);
        return !stored->is_sample;
    }
    if (!(stored->power <= jitter->unheard)) {
        return false;
    }
    /* A sender that says it is silent, and is not, harms only itself. But it may be a mistake: now
     * and then we look (RFC 6464 §6). */
    stored->is_audit = !jitter->codec->power && is_due(jitter, CHECK_EVERY);
    stored->is_sample = stored->is_audit;
    return !stored->is_sample;
}

/* Whether the sender has said nothing but background for so long that it is not looked at. */
static bool is_idle(struct jitter *jitter, const struct stored_packet *stored)
{
    if (!stored->is_background) {
        jitter->idle = 0;
        return false;
    }
    return jitter->idle >= IDLE_AFTER && !is_due(jitter, CHECK_EVERY);
}

/* ---- packets in ---- */

/* False: it is not taken. */
static bool insert(struct jitter *jitter, const struct rtp_packet *packet,
                   struct stored_packet *stored)
{
    stored->sequence = packet->sequence;
    stored->size = stored->is_silent ? 0 : (uint16_t)packet->payload_size;
    if (!put_in_sequence(jitter, packet) || !store_put(&jitter->store, stored, packet->payload)) {
        return false;
    }
    if (!jitter->has_newest || (int16_t)(packet->sequence - jitter->newest_sequence) > 0) {
        jitter->has_newest = true;
        jitter->newest_sequence = packet->sequence;
        jitter->newest_time = stored->time;
    }
    return true;
}

static void put(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival,
                struct stored_packet *stored)
{
    stored->time = packet->timestamp * jitter->ratio;
    stored->arrival = arrival;
    if (insert(jitter, packet, stored)) {
        jitter->late_run = 0;
        jitter->is_paused = false;
        lateness_add(&jitter->lateness, stored->time - jitter->played, jitter->packet_length);
    }
}

void jitter_put(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival)
{
    const struct codec *codec = jitter->codec;
    struct stored_packet stored = {0};
    if (packet->payload_size > PAYLOAD_MAX) {
        jitter->stats.unplayable++;
        return;
    }
    if (packet->payload_size == 0) {
        return;
    }
    stored.is_background =
        codec->is_background && codec->is_background(packet->payload, packet->payload_size);
    if (codec->is_silence && codec->is_silence(packet->payload, packet->payload_size)) {
        stored.is_silent = true;
    } else if (is_unheard(jitter, packet, &stored) ||
               (!stored.is_sample && is_idle(jitter, &stored))) {
        int length = codec->length(packet->payload, packet->payload_size);
        stored.is_silent = length > 0 && length <= PACKET_MS_MAX * (int)jitter->ms;
        stored.length = stored.is_silent ? (uint16_t)length : 0;
    }
    put(jitter, packet, arrival, &stored);
}

void jitter_noise(struct jitter *jitter, const struct rtp_packet *packet, uint64_t arrival)
{
    put(jitter, packet, arrival, &(struct stored_packet){.is_silent = true});
}

void jitter_pause(struct jitter *jitter, uint16_t sequence)
{
    int packets = (int16_t)(sequence - jitter->newest_sequence);
    uint32_t time = jitter->newest_time + (uint32_t)packets * jitter->packet_length;

    /* Of a second one in the same pause nobody knows how much later it is. */
    if (jitter->has_newest && !jitter->is_paused && packets > 0 && packets < STORE_SLOTS) {
        jitter->is_paused = insert(jitter, &(struct rtp_packet){.sequence = sequence},
                                   &(struct stored_packet){.is_silent = true, .time = time});
    }
}

void jitter_ignore(struct jitter *jitter, float power)
{
    jitter->unheard = power;
}
