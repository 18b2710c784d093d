#include "state/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4575 §5.6: whoever wants no name gets one that is nobody's. */
static void write_entity(const struct participant *participant, char *entity, size_t size)
{
    unsigned number = participant_anonymous(participant);

    if (number)
        (void)snprintf(entity, size, "sip:anonymous%u@anonymous.invalid", number);
    else
        (void)snprintf(entity, size, "%s", participant_call(participant)->caller.uri);
}

static struct user *find_user(struct watched *watched, const struct participant *participant)
{
    char entity[ENTITY_SIZE];
    struct user *user;

    write_entity(participant, entity, sizeof entity);
    HASH_FIND_STR(watched->users, entity, user);
    return user;
}

static void free_user(struct user *user)
{
    free(user->shown[EDITION_PLAIN]);
    free(user->shown[EDITION_MODERATOR]);
    free(user->display_name);
    free(user->entity);
    free(user);
}

static struct user *make_user(struct watched *watched, const struct participant *participant)
{
    struct user *user = calloc(1, sizeof *user);
    char entity[ENTITY_SIZE];

    if (!user)
        return NULL;
    write_entity(participant, entity, sizeof entity);
    user->entity = strdup(entity);
    user->display_name = strdup(participant_shown_name(participant));
    if (!user->entity || !user->display_name) {
        free_user(user);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, watched->users, user->entity, strlen(user->entity), user);
    return user;
}

static struct endpoint *find_endpoint(struct user *user, uint64_t participant)
{
    struct endpoint *endpoint = user->endpoints;

    while (endpoint && endpoint->participant != participant)
        endpoint = endpoint->next;
    return endpoint;
}

/* Takes it out of the list, too: `at` is where the list points at it. */
static void free_endpoint(struct endpoint **at)
{
    struct endpoint *endpoint = *at;

    *at = endpoint->next;
    free(endpoint->entity);
    free(endpoint->last[EDITION_PLAIN]);
    free(endpoint->last[EDITION_MODERATOR]);
    free(endpoint->last_dialog);
    free(endpoint->dialog);
    free(endpoint);
}

/* The Contact says which device it is. One that calls twice has two endpoints; one that comes back
 * takes the place of the one that has just left. */
static char *endpoint_entity(struct user *user, const struct participant *participant)
{
    const struct call_info *call = participant_call(participant);
    const char *contact =
        participant_anonymous(participant) || !*call->contact ? user->entity : call->contact;
    struct endpoint **at = &user->endpoints;
    bool is_taken = false;
    char entity[ENTITY_SIZE];

    while (*at) {
        bool is_same = strcmp((*at)->entity, contact) == 0;
        if (is_same && (*at)->is_gone && !(*at)->dialog) {
            free_endpoint(at);
        } else {
            is_taken |= is_same;
            at = &(*at)->next;
        }
    }
    (void)snprintf(entity, sizeof entity, is_taken ? "%s;leg=%s" : "%s", contact, call->id);
    return strdup(entity);
}

int roster_add(struct watched *watched, struct participant *participant)
{
    struct user *user = find_user(watched, participant);
    struct endpoint *endpoint, **at;

    if (!user)
        user = make_user(watched, participant);
    if (!user)
        return ENOMEM;
    user->is_dirty = true;
    if (find_endpoint(user, participant_id(participant)))
        return 0;
    endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint)
        return ENOMEM;
    endpoint->participant = participant_id(participant);
    endpoint->is_hidden = participant_is_hidden(participant);
    endpoint->entity = endpoint_entity(user, participant);
    if (!endpoint->entity) {
        free(endpoint);
        return ENOMEM;
    }
    for (at = &user->endpoints; *at;)
        at = &(*at)->next;
    *at = endpoint;
    return 0;
}

int roster_load(struct watched *watched)
{
    const struct conference *conference = watched_conference(watched);
    struct participant *participant = NULL;
    int error = 0;

    while (!error && (participant = conference_next_participant(conference, participant))) {
        if (participant_has_joined(participant) || participant_is_called(participant))
            error = roster_add(watched, participant);
    }
    return error;
}

void roster_leave(struct watched *watched, const struct participant *participant)
{
    const struct departure *departure = participant_departure(participant);
    struct user *user = find_user(watched, participant);
    struct endpoint *endpoint = user ? find_endpoint(user, participant_id(participant)) : NULL;

    if (!endpoint)
        return;
    endpoint->is_gone = true;
    endpoint->is_published = false;
    endpoint->gone_until = loop_now(watched->state->loop) + LINGER;
    for (enum edition_kind kind = EDITION_PLAIN; kind <= EDITION_MODERATOR; kind++)
        endpoint->last[kind] =
            conference_write_endpoint(participant, endpoint->entity, kind, departure);
    endpoint->last_dialog = dialog_write(participant, departure);
    user->is_dirty = true;
}

static void rename_user(struct user *user, const char *name)
{
    char *copy = strcmp(user->display_name, name) == 0 ? NULL : strdup(name);

    if (!copy)
        return; /* as it was, or no memory: it keeps the old one */
    free(user->display_name);
    user->display_name = copy;
}

void roster_touch(struct watched *watched, const struct participant *participant)
{
    struct user *user = find_user(watched, participant);

    if (!user)
        return;
    user->is_dirty = true;
    rename_user(user, participant_shown_name(participant));
}

static uint64_t forget_endpoints(struct watched *watched, struct user *user, uint64_t now)
{
    struct endpoint **at = &user->endpoints;
    uint64_t wait = 0;

    while (*at) {
        const struct endpoint *endpoint = *at;
        if (endpoint->is_gone && endpoint->is_published && endpoint->gone_until <= now) {
            free_endpoint(at);
            user->is_dirty = watched->is_due = true;
            continue;
        }
        if (endpoint->is_gone) {
            uint64_t left = endpoint->gone_until > now ? endpoint->gone_until - now : 1;
            wait = wait && wait < left ? wait : left;
        }
        at = &(*at)->next;
    }
    return wait;
}

uint64_t roster_forget(struct watched *watched)
{
    uint64_t now = loop_now(watched->state->loop), wait = 0, left;
    struct user *user, *next;

    HASH_ITER(hh, watched->users, user, next)
    {
        left = forget_endpoints(watched, user, now);
        wait = left && (!wait || left < wait) ? left : wait;
        if (!user->endpoints && !user->is_dirty) {
            HASH_DEL(watched->users, user);
            free_user(user);
        }
    }
    return wait;
}

void roster_free(struct watched *watched)
{
    struct user *user = watched->users, *next;

    HASH_CLEAR(hh, watched->users);
    for (; user; user = next) {
        next = user->hh.next;
        while (user->endpoints)
            free_endpoint(&user->endpoints);
        free_user(user);
    }
}
