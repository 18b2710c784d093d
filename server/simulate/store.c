/* A store in memory, which forgets by the simulation's clock. */
#include "simulate/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct entry {
    char *store, *key;
    struct store_value value; /* with bytes of its own */
    uint64_t expires;         /* loop_now; 0: it stays */
    struct entry *next;       /* in the order of store and key, as bytes */
};

struct store_errand {
    struct simulated_store *store;
    struct store_answer answer;
    unsigned char *bytes; /* of the answer. Owned. */
    void (*handler)(const struct store_answer *answer, void *arg);
    void *arg;
    struct loop_timer *timer;
    struct store_errand *prev, *next;
};

static void entry_free(struct entry **at)
{
    struct entry *entry = *at;

    *at = entry->next;
    free((void *)entry->value.bytes);
    free(entry->store);
    free(entry->key);
    free(entry);
}

/* Where it stands in the list, or where it would. */
static struct entry **place_of(struct simulated_store *store, const char *name, const char *key,
                               bool *is_therep)
{
    struct entry **at = &store->entries;
    int order = -1;

    for (; *at; at = &(*at)->next) {
        order = strcmp((*at)->store, name);
        order = order ? order : strcmp((*at)->key, key);
        if (order >= 0)
            break;
    }
    *is_therep = *at && order == 0;
    return at;
}

/* NULL: there is nothing, or it has been forgotten. */
static struct entry **find(struct simulated_store *store, const struct store_request *request)
{
    bool is_there;
    struct entry **at = place_of(store, request->store, request->key, &is_there);

    if (is_there && (*at)->expires != 0 && (*at)->expires <= loop_now(store->loop)) {
        entry_free(at);
        is_there = false;
    }
    return is_there ? at : NULL;
}

static struct entry **make(struct simulated_store *store, const struct store_request *request)
{
    struct entry *entry = calloc(1, sizeof *entry);
    bool is_there;
    struct entry **at = place_of(store, request->store, request->key, &is_there);

    if (!entry)
        return NULL;
    entry->store = strdup(request->store);
    entry->key = strdup(request->key);
    if (!entry->store || !entry->key) {
        entry_free(&entry);
        return NULL;
    }
    entry->next = *at;
    *at = entry;
    return at;
}

static bool copy(struct store_value *to, const struct store_value *from, unsigned char **ownedp)
{
    unsigned char *bytes = NULL;

    if (from->kind == STORE_BYTES) {
        bytes = malloc(from->size + 1);
        if (!bytes)
            return false;
        memcpy(bytes, from->bytes ? from->bytes : (const unsigned char *)"", from->size);
    }
    free(*ownedp);
    *ownedp = bytes;
    *to = *from;
    to->bytes = bytes;
    return true;
}

static void put(struct store_errand *errand, const struct store_request *request,
                const struct store_value *value)
{
    struct simulated_store *store = errand->store;
    struct entry **at = find(store, request), *entry;
    unsigned char *owned;

    if (!at)
        at = make(store, request);
    entry = at ? *at : NULL;
    owned = entry ? (unsigned char *)entry->value.bytes : NULL;
    if (!entry || !copy(&entry->value, value, &owned)) {
        errand->answer.problem = "out of memory";
        return;
    }
    if (request->ttl > 0 || request->verb == STORE_SET)
        entry->expires = request->ttl > 0 ? loop_now(store->loop) + request->ttl : 0;
}

static void answer_with(struct store_errand *errand, struct entry *const *at)
{
    if (at && !copy(&errand->answer.value, &(*at)->value, &errand->bytes))
        errand->answer.problem = "out of memory";
}

static void add(struct store_errand *errand, const struct store_request *request)
{
    struct entry *const *at = find(errand->store, request);
    const struct entry *entry = at ? *at : NULL;
    struct store_value sum = {.kind = STORE_NUMBER, .number = entry ? entry->value.number : 0};

    if (entry && entry->value.kind == STORE_BYTES) {
        errand->answer.problem = "what is there is no whole number";
        return;
    }
    if (__builtin_add_overflow(sum.number, request->value.number, &sum.number)) {
        errand->answer.problem = "the sum is too large";
        return;
    }
    put(errand, request, &sum);
    errand->answer.value = sum;
}

static void list_keys(struct store_errand *errand, const struct store_request *request)
{
    const struct store_value *keys = &errand->answer.value;
    struct store_value grown = {.kind = STORE_BYTES};
    const struct entry *entry;
    unsigned count = 0;

    LL_FOREACH(errand->store->entries, entry)
    {
        size_t size = strlen(entry->key) + 1;

        if (strcmp(entry->store, request->store) != 0 ||
            strncmp(entry->key, request->key, strlen(request->key)) != 0 ||
            (entry->expires && entry->expires <= loop_now(errand->store->loop)))
            continue;
        if (count++ == STORE_KEYS_MAX) {
            errand->answer.has_more = true;
            break;
        }
        grown.bytes = realloc(errand->bytes, keys->size + size);
        if (!grown.bytes) {
            errand->answer.problem = "out of memory";
            return;
        }
        errand->bytes = (unsigned char *)grown.bytes;
        memcpy(errand->bytes + keys->size, entry->key, size);
        grown.size = keys->size + size;
        errand->answer.value = grown;
    }
    errand->answer.value.kind = STORE_BYTES;
}

static void carry_out(struct store_errand *errand, const struct store_request *request)
{
    struct entry **at;

    switch (request->verb) {
    case STORE_GET:
        answer_with(errand, find(errand->store, request));
        break;
    case STORE_SET:
        put(errand, request, &request->value);
        break;
    case STORE_ADD:
        add(errand, request);
        break;
    case STORE_DELETE:
        at = find(errand->store, request);
        answer_with(errand, at);
        if (at)
            entry_free(at);
        break;
    case STORE_KEYS:
        list_keys(errand, request);
        break;
    }
}

/* ---- errands -------------------------------------------------------------------------------- */

static void errand_free(struct store_errand *errand)
{
    DL_DELETE(errand->store->errands, errand);
    loop_timer_stop(&errand->timer);
    free(errand->bytes);
    free(errand);
}

static void on_done(void *arg)
{
    struct store_errand *errand = arg;

    if (errand->handler)
        errand->handler(&errand->answer, errand->arg);
    errand_free(errand);
}

static int ask(void *ctx, const struct store_request *request,
               void (*handler)(const struct store_answer *answer, void *arg), void *arg,
               struct store_errand **errandp)
{
    struct simulated_store *store = ctx;
    struct store_errand *errand = calloc(1, sizeof *errand);

    if (!errand)
        return ENOMEM;
    *errand = (struct store_errand){.store = store, .handler = handler, .arg = arg};
    DL_APPEND(store->errands, errand);
    carry_out(errand, request);
    if (loop_timer_start(store->loop, &errand->timer, 0, on_done, errand)) {
        errand_free(errand);
        return ENOMEM;
    }
    *errandp = handler ? errand : NULL;
    return 0;
}

static void forget(struct store_errand *errand)
{
    errand->handler = NULL;
}

const struct storing *store_open(struct simulated_store *store, struct loop *loop)
{
    store->loop = loop;
    store->storing = (struct storing){.ctx = store, .ask = ask, .forget = forget};
    return &store->storing;
}

void store_close(struct simulated_store *store)
{
    struct store_errand *errand, *next_errand;

    DL_FOREACH_SAFE(store->errands, errand, next_errand)
    {
        errand_free(errand);
    }
    while (store->entries)
        entry_free(&store->entries);
}
