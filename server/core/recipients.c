#include "core/recipients.h"

#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An unreserved character (RFC 3261 §25.1) is the same whether it is escaped or not. */
static bool is_unreserved(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte && strchr("-_.!~*'()", byte));
}

/* RFC 3261 §19.1.4: all but the user part compares without case. */
static char *make_key(const char *uri)
{
    const char *user = strchr(uri, ':'), *at = strchr(uri, '@');
    char *key = malloc(strlen(uri) + 1), *end = key;

    while (key && *uri) {
        int byte = text_escaped_byte(uri);
        bool is_escaped = byte >= 0 && is_unreserved(byte);
        bool is_user = at && user && uri > user && uri < at;
        byte = is_escaped ? byte : (unsigned char)*uri;
        uri += is_escaped ? 3 : 1;
        *end++ = (char)(is_user ? byte : tolower(byte));
    }
    if (key) {
        *end = '\0';
    }
    return key;
}

static struct recipient *find(const struct recipients *list, const char *key)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

static void recipient_free(struct recipient *recipient)
{
    free(recipient->uri);
    free(recipient->key);
    free(recipient->name);
}

static void merge(struct recipient *into, const struct recipient *from)
{
    if (from->copy > into->copy) {
        into->copy = from->copy;
    }
    into->is_anonymous |= from->is_anonymous;
    into->action = from->action;
}

int recipients_add(struct recipients *list, const struct recipient *recipient)
{
    struct recipient copy = *recipient, *same, *items = NULL;

    copy.uri = strdup(recipient->uri);
    copy.name = strdup(recipient->name ? recipient->name : "");
    copy.key = make_key(recipient->uri);
    same = copy.key ? find(list, copy.key) : NULL;
    if (same) {
        merge(same, recipient);
        recipient_free(&copy);
        return 0;
    }
    if (copy.uri && copy.name && copy.key) {
        items = realloc(list->items, (list->count + 1) * sizeof *items);
    }
    if (!items) {
        recipient_free(&copy);
        return ENOMEM;
    }
    items[list->count++] = copy;
    list->items = items;
    return 0;
}

void recipients_clear(struct recipients *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        recipient_free(&list->items[i]);
    }
    free(list->items);
    *list = (struct recipients){0};
}

bool recipient_action_read(const char *text, size_t length, enum recipient_action *actionp)
{
    static const char *const names[ACTION_COUNT] = {
#define X(name, said) [(name)] = (said),
        RECIPIENT_ACTIONS(X)
#undef X
    };
    for (unsigned i = 0; i < ACTION_COUNT; i++) {
        if (strlen(names[i]) == length && strncasecmp(names[i], text, length) == 0) {
            *actionp = i;
            return true;
        }
    }
    return false;
}
