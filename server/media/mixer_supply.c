/* What a mixer needs for its members: memory for the rates and buses in use, and encoders. */
#include "media/mixer_parts.h"

#include <errno.h>
#include <stdlib.h>

enum {
    ENCODERS_FIRST = 3, /* for those who listen, and two who speak */
    ENCODERS_MORE = 2,
    ROOM_MIN = 2, /* places for what a channel says, made at once */
    ROOM_MAX = 32,
};

/* ---- planes and buses ---- */

static size_t smaller(size_t one, size_t other)
{
    return one < other ? one : other;
}

static struct mixer_plane *plane_create(unsigned rate)
{
    unsigned frame = rate / 1000 * FRAME_MS;
    size_t payload_max = smaller(frame * sizeof(int16_t), PAYLOAD_MAX);
    size_t floats = (2 + MIXER_GROUPS) * frame * sizeof(float);
    size_t bytes = (size_t)MIXER_GROUPS * MIXER_ENCODINGS * payload_max;
    struct mixer_plane *plane = calloc(1, sizeof *plane + floats + bytes);
    uint8_t *memory;

    if (plane == NULL) {
        return NULL;
    }
    memory = (uint8_t *)(plane + 1) + floats;
    plane->rate = rate;
    plane->frame = frame;
    plane->payload_max = payload_max;
    plane->scratch = (float *)(plane + 1);
    plane->alone = plane->scratch + frame;
    for (unsigned i = 0; i < MIXER_GROUPS; i++) {
        struct mixer_group *group = &plane->groups[i];

        group->frame = plane->alone + (size_t)(i + 1) * frame;
        for (unsigned k = 0; k < MIXER_ENCODINGS; k++, memory += payload_max) {
            group->encodings[k].data = memory;
        }
    }
    return plane;
}

static struct mixer_bus *bus_create(unsigned rate)
{
    unsigned frame = rate / 1000 * FRAME_MS;
    struct mixer_bus *bus = calloc(1, sizeof *bus + 2 * frame * sizeof(float));

    if (bus != NULL) {
        bus->own = (float *)(bus + 1);
        bus->sum = bus->own + frame;
    }
    return bus;
}

/* A place for each channel that may speak at the rate; as many more as there are, and then some. */
static int fill_rooms(struct mixer_supply *supply, struct mixer_stock *stock, unsigned plane)
{
    size_t size = mixer_rates[plane] / 1000 * FRAME_MS * sizeof(float);

    while (stock->places[plane] < stock->channels[plane]) {
        unsigned places = stock->places[plane] < ROOM_MAX ? stock->places[plane] : ROOM_MAX;
        struct mixer_room *room;

        places = places > ROOM_MIN ? places : ROOM_MIN;
        room = malloc(sizeof *room + places * size);
        if (room == NULL) {
            return ENOMEM;
        }
        room->taken = 0;
        room->places = places;
        room->next = supply->rooms[plane];
        supply->rooms[plane] = room;
        stock->places[plane] += places;
    }
    return 0;
}

static int fill_bus(struct mixer_supply *supply, const struct mixer_stock *stock, uint8_t in_use,
                    unsigned to, unsigned bus)
{
    bool is_there = (stock->buses & (UINT64_C(1) << bus)) != 0;
    bool is_new = !is_there || (stock->planes & (1u << to)) == 0;

    if (is_new) {
        supply->buses[to][bus] = bus_create(mixer_rates[to]);
        if (supply->buses[to][bus] == NULL) {
            return ENOMEM;
        }
    }
    for (unsigned from = 0; from < MIXER_PLANES; from++) {
        if (from == to || (in_use & (1u << from)) == 0 ||
            (!is_new && (stock->planes & (1u << from)) != 0)) {
            continue;
        }
        supply->links[to][from][bus] = resampler_create(mixer_rates[from], mixer_rates[to]);
        if (supply->links[to][from][bus] == NULL) {
            return ENOMEM;
        }
    }
    return 0;
}

static int fill(struct mixer_supply *supply, const struct mixer_stock *stock, uint8_t in_use,
                uint64_t buses)
{
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        if ((in_use & (1u << plane)) == 0) {
            continue;
        }
        if ((stock->planes & (1u << plane)) == 0) {
            supply->planes[plane] = plane_create(mixer_rates[plane]);
            if (supply->planes[plane] == NULL) {
                return ENOMEM;
            }
        }
        for (uint64_t left = buses; left != 0; left &= left - 1) {
            if (fill_bus(supply, stock, in_use, plane, bus_first(left)) != 0) {
                return ENOMEM;
            }
        }
    }
    return 0;
}

static bool lacks_rooms(const struct mixer_stock *stock)
{
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        if (stock->places[plane] < stock->channels[plane]) {
            return true;
        }
    }
    return false;
}

static uint8_t planes_with(const struct mixer_stock *stock, unsigned rate)
{
    return (uint8_t)(stock->planes | (rate > 0 ? 1u << plane_index(rate) : 0));
}

static bool has_all(const struct mixer_stock *stock, uint8_t planes, uint64_t buses)
{
    return planes == stock->planes && (stock->buses | buses) == stock->buses && !lacks_rooms(stock);
}

int mixer_supply_create(struct mixer_stock *stock, unsigned rate, uint64_t buses,
                        struct mixer_supply **supplyp)
{
    uint8_t wanted = planes_with(stock, rate);
    struct mixer_supply *supply;
    int err = 0;

    buses |= stock->buses;
    *supplyp = NULL;
    if (has_all(stock, wanted, buses)) {
        return 0;
    }
    supply = calloc(1, sizeof *supply);
    if (supply == NULL || fill(supply, stock, wanted, buses) != 0) {
        mixer_supply_destroy(supply);
        return ENOMEM;
    }
    stock->planes = wanted;
    stock->buses = buses;
    for (unsigned i = 0; err == 0 && i < MIXER_PLANES; i++) {
        err = wanted & (1u << i) ? fill_rooms(supply, stock, i) : 0;
    }
    *supplyp = supply;
    return err;
}

/* ---- encoders ---- */

static struct mixer_demand *demand_of(struct mixer_stock *stock, const struct codec *codec)
{
    for (unsigned i = 0; i < MIXER_CODECS; i++) {
        if (stock->demands[i].codec == NULL) {
            stock->demands[i].codec = codec;
        }
        if (stock->demands[i].codec == codec) {
            return &stock->demands[i];
        }
    }
    abort(); /* a codec more in codec.c than MIXER_CODECS */
}

void mixer_stock_add(struct mixer_stock *stock, const struct codec *codec)
{
    if (codec != NULL) {
        stock->channels[plane_index(codec->sample_rate)]++;
    }
    if (codec != NULL && !codec->stateless) {
        demand_of(stock, codec)->channels++;
    }
}

void mixer_stock_remove(struct mixer_stock *stock, const struct codec *codec)
{
    if (codec != NULL) {
        stock->channels[plane_index(codec->sample_rate)]--;
    }
    if (codec != NULL && !codec->stateless) {
        demand_of(stock, codec)->channels--;
    }
}

static void encoder_destroy(struct mixer_encoder *encoder)
{
    encoder->codec->encoder_destroy(encoder->state);
    free(encoder);
}

static struct mixer_encoder *encoder_create(const struct codec *codec)
{
    unsigned frame = codec->sample_rate / 1000 * FRAME_MS;
    struct mixer_encoder *encoder = calloc(1, sizeof *encoder + 2 * frame * sizeof(float));

    if (encoder == NULL) {
        return NULL;
    }
    encoder->codec = codec;
    encoder->frames[0] = (float *)(encoder + 1);
    encoder->frames[1] = encoder->frames[0] + frame;
    encoder->state = codec->encoder_create();
    if (encoder->state == NULL) {
        free(encoder);
        return NULL;
    }
    return encoder;
}

static unsigned encoders_wanted(const struct mixer_demand *demand, bool lacking)
{
    unsigned wanted = lacking ? demand->made + ENCODERS_MORE : ENCODERS_FIRST;

    /* One more than there are channels: an encoder that has been left rests for a tick. */
    return wanted < demand->channels + 1 ? wanted : demand->channels + 1;
}

bool mixer_stock_suffices(struct mixer_stock *stock, unsigned rate, uint64_t buses,
                          const struct codec *codec, bool lacking)
{
    const struct mixer_demand *demand =
        codec != NULL && !codec->stateless ? demand_of(stock, codec) : NULL;

    return has_all(stock, planes_with(stock, rate), buses) &&
           (demand == NULL || demand->made >= encoders_wanted(demand, lacking));
}

int mixer_supply_encoders(struct mixer_stock *stock, const struct codec *codec, bool lacking,
                          struct mixer_supply **supplyp)
{
    struct mixer_demand *demand;
    unsigned wanted;

    if (codec == NULL || codec->stateless) {
        return 0;
    }
    demand = demand_of(stock, codec);
    wanted = encoders_wanted(demand, lacking);
    if (*supplyp == NULL && demand->made < wanted) {
        *supplyp = calloc(1, sizeof **supplyp);
    }
    for (; demand->made < wanted; demand->made++) {
        struct mixer_encoder *encoder = *supplyp != NULL ? encoder_create(codec) : NULL;

        if (encoder == NULL) {
            return ENOMEM;
        }
        encoder->next = (*supplyp)->encoders;
        (*supplyp)->encoders = encoder;
    }
    return 0;
}

/* ---- handing over and freeing ---- */

static void install_buses(struct mixer *mixer, struct mixer_supply *supply, unsigned plane)
{
    for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
        if (supply->buses[plane][bus] != NULL) {
            mixer->planes[plane]->buses[bus] = supply->buses[plane][bus];
            supply->buses[plane][bus] = NULL;
        }
        for (unsigned from = 0; from < MIXER_PLANES; from++) {
            if (supply->links[plane][from][bus] != NULL) {
                mixer->planes[plane]->buses[bus]->links[from].resampler =
                    supply->links[plane][from][bus];
                supply->links[plane][from][bus] = NULL;
            }
        }
    }
}

void mixer_install(struct mixer *mixer, struct mixer_supply *supply)
{
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        if (supply->planes[plane] != NULL) {
            mixer->planes[plane] = supply->planes[plane];
            supply->planes[plane] = NULL;
        }
        install_buses(mixer, supply, plane);
        while (supply->rooms[plane] != NULL) {
            struct mixer_room *room = supply->rooms[plane];

            supply->rooms[plane] = room->next;
            room->next = mixer->planes[plane]->rooms;
            mixer->planes[plane]->rooms = room;
        }
    }
    while (supply->encoders != NULL) {
        struct mixer_encoder *encoder = supply->encoders;

        supply->encoders = encoder->next;
        encoder->next = mixer->encoders;
        mixer->encoders = encoder;
    }
}

static void bus_destroy(struct mixer_bus *bus)
{
    for (unsigned from = 0; bus != NULL && from < MIXER_PLANES; from++) {
        resampler_destroy(bus->links[from].resampler);
    }
    free(bus);
}

static void rooms_destroy(struct mixer_room *room)
{
    while (room != NULL) {
        struct mixer_room *next = room->next;

        free(room);
        room = next;
    }
}

static void encoders_destroy(struct mixer_encoder *encoder)
{
    while (encoder != NULL) {
        struct mixer_encoder *next = encoder->next;

        encoder_destroy(encoder);
        encoder = next;
    }
}

void mixer_supply_destroy(struct mixer_supply *supply)
{
    if (supply == NULL) {
        return;
    }
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        for (unsigned bus = 0; bus < MIX_BUSES; bus++) {
            bus_destroy(supply->buses[plane][bus]);
            for (unsigned from = 0; from < MIXER_PLANES; from++) {
                resampler_destroy(supply->links[plane][from][bus]);
            }
        }
        free(supply->planes[plane]);
        rooms_destroy(supply->rooms[plane]);
    }
    encoders_destroy(supply->encoders);
    free(supply);
}

void mixer_free(struct mixer *mixer)
{
    for (unsigned plane = 0; plane < MIXER_PLANES; plane++) {
        for (unsigned bus = 0; mixer->planes[plane] != NULL && bus < MIX_BUSES; bus++) {
            bus_destroy(mixer->planes[plane]->buses[bus]);
        }
        if (mixer->planes[plane] != NULL) {
            rooms_destroy(mixer->planes[plane]->rooms);
        }
        free(mixer->planes[plane]);
        mixer->planes[plane] = NULL;
    }
    encoders_destroy(mixer->encoders);
    mixer->encoders = NULL;
}
