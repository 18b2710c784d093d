#include "state/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who is shown, and as what device. */
struct person {
    char entity[ENTITY_SIZE];
    const char *display_name, *contact, *call;
};

/* RFC 4575 §5.6: whoever wants no name gets one that is nobody's. */
static struct person person_of(const struct participant *participant)
{
    const struct call_info *call = participant_call(participant);
    struct person person = {.display_name = participant_shown_name(participant), .call = call->id};
    unsigned number = participant_anonymous(participant);

    if (number)
        (void)snprintf(person.entity, ENTITY_SIZE, "sip:anonymous%u@anonymous.invalid", number);
    else
        (void)snprintf(person.entity, ENTITY_SIZE, "%s", call->caller.uri);
    person.contact = number || !*call->contact ? NULL : call->contact;
    return person;
}

/* The same of who is to come in, once somebody has decided that; false: nobody is. */
static bool person_who_waits(const struct pending *pending, struct person *person)
{
    const struct request *request = pending_request(pending);
    const struct call_info *call = pending_call(pending);
    const struct invitation *invitation = request->invitation;
    const char *uri = call ? call->caller.uri : invitation ? invitation->uri : NULL;
    bool is_anonymous = pending_decision(pending)->params.anonymous;

    if (!uri)
        return false;
    *person = (struct person){
        .display_name = is_anonymous       ? ""
                        : call             ? call->caller.display_name
                        : invitation->name ? invitation->name
                                           : "",
        .contact = call && !is_anonymous && *call->contact ? call->contact : NULL,
        .call = call ? call->id : "waits",
    };
    (void)snprintf(person->entity, ENTITY_SIZE, "%s", is_anonymous ? WAITS_ANONYMOUSLY : uri);
    if (!call)
        person->entity[strcspn(person->entity, ";?")] = '\0';
    return true;
}

static struct user *find_user(struct watched *watched, const struct person *person)
{
    struct user *user;

    HASH_FIND_STR(watched->users, person->entity, user);
    return user;
}

static struct user *find_user_of(struct watched *watched, const struct participant *participant)
{
    const struct person person = person_of(participant);

    return find_user(watched, &person);
}

static void free_user(struct user *user)
{
    free(user->shown[EDITION_PLAIN]);
    free(user->shown[EDITION_MODERATOR]);
    free(user->display_name);
    free(user->entity);
    free(user);
}

static struct user *make_user(struct watched *watched, const struct person *person)
{
    struct user *user = calloc(1, sizeof *user);

    if (!user)
        return NULL;
    user->entity = strdup(person->entity);
    user->display_name = strdup(person->display_name);
    if (!user->entity || !user->display_name) {
        free_user(user);
        return NULL;
    }
    HASH_ADD_KEYPTR(hh, watched->users, user->entity, strlen(user->entity), user);
    return user;
}

static void rename_user(struct user *user, const char *name)
{
    char *copy = strcmp(user->display_name, name) == 0 ? NULL : strdup(name);

    if (!copy)
        return; /* as it was, or no memory: it keeps the old one */
    free(user->display_name);
    user->display_name = copy;
}

/* By the id of a participant, or of what is pending. */
static struct endpoint *find_endpoint(struct user *user, uint64_t id)
{
    struct endpoint *endpoint = user->endpoints;

    while (endpoint && endpoint->participant != id && endpoint->pending != id)
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
 * takes the place of the one that has just left, and one that comes in that of the one that waited.
 */
static char *endpoint_entity(struct watched *watched, struct user *user,
                             const struct person *person)
{
    const char *contact = person->contact ? person->contact : user->entity;
    struct endpoint **at = &user->endpoints;
    bool is_taken = false;
    char entity[ENTITY_SIZE];

    while (*at) {
        const struct endpoint *endpoint = *at;
        bool is_same = strcmp(endpoint->entity, contact) == 0;
        bool is_left = is_same && endpoint->is_gone && !endpoint->dialog;
        if (is_left || (endpoint->pending && !roster_waits(watched, endpoint))) {
            free_endpoint(at);
        } else {
            is_taken |= is_same;
            at = &(*at)->next;
        }
    }
    (void)snprintf(entity, sizeof entity, is_taken ? "%s;leg=%s" : "%s", contact, person->call);
    return strdup(entity);
}

/* `model` says what is known of it besides. */
static int add_endpoint(struct watched *watched, const struct person *person,
                        const struct endpoint *model)
{
    struct user *user = find_user(watched, person);
    struct endpoint *endpoint, **at;

    if (!user)
        user = make_user(watched, person);
    if (!user)
        return ENOMEM;
    user->is_dirty = true;
    if (find_endpoint(user, model->participant + model->pending))
        return 0;
    endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint)
        return ENOMEM;
    *endpoint = *model;
    endpoint->entity = endpoint_entity(watched, user, person);
    if (!endpoint->entity) {
        free(endpoint);
        return ENOMEM;
    }
    if (!user->endpoints)
        rename_user(user, person->display_name);
    for (at = &user->endpoints; *at;)
        at = &(*at)->next;
    *at = endpoint;
    return 0;
}

int roster_add(struct watched *watched, struct participant *participant)
{
    const struct person person = person_of(participant);
    const struct endpoint model = {
        .participant = participant_id(participant),
        .is_hidden = participant_is_hidden(participant),
    };

    return add_endpoint(watched, &person, &model);
}

/* ---- who waits to be let in ----------------------------------------------------------------- */

bool roster_waits(const struct watched *watched, const struct endpoint *endpoint)
{
    const struct pending *pending = focus_pending(watched->state->focus, endpoint->pending);

    return pending && !pending_is_over(pending);
}

int roster_add_waiting(struct watched *watched, const struct pending *pending)
{
    const struct endpoint model = {.pending = pending_id(pending), .is_hidden = true};
    struct person person;

    return person_who_waits(pending, &person) ? add_endpoint(watched, &person, &model) : 0;
}

void roster_drop_waiting(struct watched *watched)
{
    for (struct user *user = watched->users; user; user = user->hh.next) {
        struct endpoint **at = &user->endpoints;
        while (*at) {
            if ((*at)->pending && !roster_waits(watched, *at)) {
                free_endpoint(at);
                user->is_dirty = true;
            } else {
                at = &(*at)->next;
            }
        }
    }
}

int roster_load(struct watched *watched)
{
    const struct conference *conference = watched_conference(watched);
    struct participant *participant = NULL;
    const struct pending *pending = NULL;
    int error = 0;

    while (!error && (participant = conference_next_participant(conference, participant))) {
        if (participant_has_joined(participant) || participant_is_called(participant))
            error = roster_add(watched, participant);
    }
    while (!error && (pending = conference_next_pending(conference, pending)))
        error = roster_add_waiting(watched, pending);
    return error;
}

void roster_leave(struct watched *watched, const struct participant *participant)
{
    const struct departure *departure = participant_departure(participant);
    struct user *user = find_user_of(watched, participant);
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

void roster_touch(struct watched *watched, const struct participant *participant)
{
    struct user *user = find_user_of(watched, participant);

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
