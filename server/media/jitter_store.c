#include "media/jitter_parts.h"
#include "media/prefetch.h"

#include <assert.h>
#include <string.h>

void store_clear(struct packet_store *store)
{
    store->count = 0;
    for (unsigned i = 0; i < STORE_SLOTS; i++) {
        store->slots[i].used = false;
    }
    for (unsigned i = 0; i < STORE_CHUNKS; i++) {
        store->next_chunk[i] = (uint8_t)(i > 0 ? i - 1 : STORE_NO_CHUNK);
    }
    store->free_chunk = STORE_CHUNKS - 1;
}

void store_drop(struct packet_store *store, struct stored_packet *packet)
{
    assert(packet->used);
    while (packet->chunk != STORE_NO_CHUNK) {
        uint8_t chunk = packet->chunk;
        packet->chunk = store->next_chunk[chunk];
        store->next_chunk[chunk] = store->free_chunk;
        store->free_chunk = chunk;
    }
    packet->used = false;
    store->count--;
}

/* Appends the payload's chunks to the packet; false when memory is used up. */
static bool keep_payload(struct packet_store *store, struct stored_packet *packet,
                         const uint8_t *payload)
{
    uint8_t *link = &packet->chunk;
    for (size_t done = 0; done < packet->size; done += STORE_CHUNK) {
        uint8_t chunk = store->free_chunk;
        if (chunk == STORE_NO_CHUNK) {
            return false;
        }
        size_t part = packet->size - done < STORE_CHUNK ? packet->size - done : STORE_CHUNK;
        memcpy(store->bytes[chunk], payload + done, part);
        store->free_chunk = store->next_chunk[chunk];
        store->next_chunk[chunk] = STORE_NO_CHUNK;
        *link = chunk;
        link = &store->next_chunk[chunk];
    }
    return true;
}

bool store_put(struct packet_store *store, const struct stored_packet *packet,
               const uint8_t *payload)
{
    struct stored_packet *slot = &store->slots[packet->sequence % STORE_SLOTS];
    if (slot->used) {
        if (slot->sequence == packet->sequence) {
            return false;
        }
        store_drop(store, slot);
    }
    *slot = *packet;
    slot->used = true;
    slot->chunk = STORE_NO_CHUNK;
    store->count++;
    if (!keep_payload(store, slot, payload)) {
        store_drop(store, slot);
        return false;
    }
    return true;
}

void store_prefetch(const struct packet_store *store, uint16_t sequence, bool is_silent)
{
    prefetch(&store->slots[sequence % STORE_SLOTS], sizeof store->slots[0]);
    if (!is_silent && store->free_chunk != STORE_NO_CHUNK) {
        prefetch(&store->next_chunk[store->free_chunk], 1);
        prefetch(store->bytes[store->free_chunk], STORE_CHUNK);
    }
}

struct stored_packet *store_next(struct packet_store *store, uint16_t from)
{
    if (store->count == 0) {
        return NULL;
    }
    for (unsigned i = 0; i < STORE_SLOTS; i++) {
        uint16_t sequence = (uint16_t)(from + i);
        struct stored_packet *slot = &store->slots[sequence % STORE_SLOTS];
        if (slot->used && slot->sequence == sequence) {
            return slot;
        }
    }
    return NULL;
}

const uint8_t *store_payload(const struct packet_store *store, const struct stored_packet *packet,
                             uint8_t scratch[PAYLOAD_MAX])
{
    if (packet->size <= STORE_CHUNK) {
        return packet->size > 0 ? store->bytes[packet->chunk] : scratch;
    }
    uint8_t chunk = packet->chunk;
    for (size_t done = 0; done < packet->size; done += STORE_CHUNK) {
        size_t part = packet->size - done < STORE_CHUNK ? packet->size - done : STORE_CHUNK;
        memcpy(scratch + done, store->bytes[chunk], part);
        chunk = store->next_chunk[chunk];
    }
    return scratch;
}
