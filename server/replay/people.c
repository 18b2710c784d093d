#include "replay/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct phone *phone_find(struct replay *replay, const char *name)
{
    struct phone *phone;

    HASH_FIND_STR(replay->phones, name, phone);
    return phone;
}

static int phone_note(struct replay *replay, const char *name)
{
    struct phone *phone;

    if (!*name || phone_find(replay, name))
        return 0;
    phone = calloc(1, sizeof *phone);
    if (!phone)
        return ENOMEM;
    (void)snprintf(phone->name, sizeof phone->name, "%s", name);
    HASH_ADD_STR(replay->phones, name, phone);
    return 0;
}

static struct known *known_find(struct known *all, uint64_t recorded)
{
    struct known *known;

    HASH_FIND(hh, all, &recorded, sizeof recorded, known);
    return known;
}

/* NULL: out of memory. */
static struct known *known_make(struct known **all, uint64_t recorded)
{
    struct known *known = known_find(*all, recorded);

    if (known)
        return known;
    known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->recorded = recorded;
    HASH_ADD(hh, *all, recorded, sizeof known->recorded, known);
    return known;
}

int person_note(struct replay *replay, const struct recorded_line *line)
{
    const char *call = line_text_of(line, "call");
    uint64_t id = line_id(line, "participant");
    struct known *known;

    if (line_is(line, "person"))
        id = (uint64_t)json_integer_value(
            json_object_get(json_object_get(line_json(line), "actor"), "participant"));
    if (phone_note(replay, call))
        return ENOMEM;
    if (id == 0 || !*call || line_is(line, "decision"))
        return 0;
    known = known_make(&replay->people, id);
    if (!known)
        return ENOMEM;
    known->room = line_id(line, "conference_id");
    if (!*known->phone)
        (void)snprintf(known->phone, sizeof known->phone, "%s", call);
    return 0;
}

/* The one whose call it is; 0: nobody's. */
static uint64_t find_participant(const struct conference *conference, const struct call *call)
{
    const struct participant *participant = NULL;

    while ((participant = conference_next_participant(conference, participant))) {
        if (strcmp(participant_call(participant)->id, call->id) == 0)
            return participant_id(participant);
    }
    return 0;
}

uint64_t person_now(struct replay *replay, uint64_t recorded)
{
    struct known *known = known_find(replay->people, recorded);
    const struct phone *phone = known ? phone_find(replay, known->phone) : NULL;
    const struct conference *room = known ? room_now(replay, known->room) : NULL;

    if (phone && phone->call && room && known->now == 0)
        known->now = find_participant(room, phone->call);
    return known ? known->now : 0;
}

struct phone *person_phone(struct replay *replay, uint64_t recorded)
{
    const struct known *known = known_find(replay->people, recorded);

    return known ? phone_find(replay, known->phone) : NULL;
}

uint64_t pending_now(const struct replay *replay, uint64_t recorded)
{
    const struct known *known = known_find(replay->pending, recorded);

    return known ? known->now : 0;
}

void pending_note(struct replay *replay, uint64_t recorded, uint64_t now)
{
    struct known *known = known_make(&replay->pending, recorded);

    if (known)
        known->now = now;
}

static void forget(struct known *all)
{
    struct known *known = all, *next;

    HASH_CLEAR(hh, all);
    for (; known; known = next) {
        next = known->hh.next;
        free(known);
    }
}

void people_free(struct replay *replay)
{
    struct phone *phone = replay->phones, *next;

    HASH_CLEAR(hh, replay->phones);
    for (; phone; phone = next) {
        next = phone->hh.next;
        free(phone);
    }
    forget(replay->people);
    forget(replay->pending);
}
