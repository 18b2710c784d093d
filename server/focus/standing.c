/* A participant's standing in its conference: role, shown name, floor, leave to speak. */
#include "focus/arrangement.h"
#include "focus/conference.h"
#include "focus/events.h"
#include "focus/participant.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* `before`: the text that it was; "" when it was none. */
static void tell(const struct participant *participant, enum conference_event_kind kind, bool on,
                 const char *before)
{
    struct conference_event event = {
        .kind = kind,
        .conference = participant->conference->id,
        .participant = participant->id,
        .on = on,
    };

    (void)snprintf(event.reason, sizeof event.reason, "%s", before);
    events_post(participant->conference->focus, &event);
}

static void note(const struct participant *participant, const char *what, const char *text)
{
    log_write(LOG_LEVEL_INFO, participant->conference->name, participant->info.id, "%s %s%s",
              participant->info.caller.uri, what, text);
}

static void set_role(struct participant *participant, const char *role)
{
    char before[sizeof participant->role];

    if (!*role)
        role = "participant";
    memcpy(before, participant->role, sizeof before);
    (void)snprintf(participant->role, sizeof participant->role, "%s", role);
    note(participant, "has the role ", role);
    tell(participant, EVENT_ROLE, true, before);
}

static void set_display_name(struct participant *participant, const char *name)
{
    char before[sizeof participant->display_name];

    (void)snprintf(before, sizeof before, "%s", participant_display_name(participant));
    if (strcmp(participant->display_name, name) != 0)
        note(participant, *name ? "is shown as " : "is shown as it calls itself", name);
    (void)snprintf(participant->display_name, sizeof participant->display_name, "%s", name);
    tell(participant, EVENT_RENAMED, true, before);
}

static void set_spoken_name(struct participant *participant, const char *file)
{
    (void)snprintf(participant->spoken_name, sizeof participant->spoken_name, "%s", file);
    note(participant, *file ? "is announced by " : "is announced by no name", file);
}

/* What is told is how it was shown before, be that another name or not. */
static void rename_as(struct participant *participant, const struct request_params *params)
{
    if (strcmp(participant->spoken_name, params->spoken_name) != 0)
        set_spoken_name(participant, params->spoken_name);
    set_display_name(participant, params->display_name);
}

static void set_floor(struct participant *participant, bool has_floor)
{
    participant->has_floor = has_floor;
    note(participant, has_floor ? "has the floor" : "has the floor no longer", "");
    tell(participant, EVENT_FLOOR, has_floor, "");
}

static int set_listen_only(struct participant *participant, bool listen_only)
{
    participant->listen_only = listen_only;
    if (participant_route(participant)) {
        participant->listen_only = !listen_only;
        return ENOMEM;
    }
    note(participant, listen_only ? "may only listen" : "may speak", "");
    tell(participant, EVENT_PERMITTED, !listen_only, "");
    return 0;
}

bool verb_is_of_standing(enum verb verb)
{
    return verb == VERB_ROLE || verb == VERB_RENAME || verb == VERB_FLOOR || verb == VERB_PERMIT;
}

static bool is_new(const struct participant *participant, enum verb verb,
                   const struct request_params *params)
{
    switch (verb) {
    case VERB_ROLE:
        return strcmp(participant->role, *params->role ? params->role : "participant") != 0;
    case VERB_RENAME:
        return strcmp(participant->display_name, params->display_name) != 0 ||
               strcmp(participant->spoken_name, params->spoken_name) != 0;
    case VERB_FLOOR:
        return participant->has_floor != params->floor;
    default:
        return participant->listen_only != params->listen_only;
    }
}

static int change(struct participant *participant, enum verb verb,
                  const struct request_params *params)
{
    switch (verb) {
    case VERB_ROLE:
        set_role(participant, params->role);
        return 0;
    case VERB_RENAME:
        rename_as(participant, params);
        return 0;
    case VERB_FLOOR:
        set_floor(participant, params->floor);
        return 0;
    default:
        return set_listen_only(participant, params->listen_only);
    }
}

static struct cause *cause_of(struct participant *participant, enum verb verb)
{
    return &participant->causes[verb == VERB_ROLE     ? CAUSE_ROLE
                                : verb == VERB_RENAME ? CAUSE_NAME
                                : verb == VERB_FLOOR  ? CAUSE_FLOOR
                                                      : CAUSE_PERMIT];
}

int standing_change(struct participant *participant, enum verb verb,
                    const struct decision *decision)
{
    int error;

    if (!is_new(participant, verb, &decision->params))
        return 0;
    error = change(participant, verb, &decision->params);
    if (!error)
        cause_note(cause_of(participant, verb), decision);
    return error;
}

/* Whoever goes on as another is told of as that one, so nothing of it is news. */
void standing_pass_on(struct participant *participant, enum verb verb,
                      const struct decision *decision)
{
    const struct request_params *params = &decision->params;

    cause_note(cause_of(participant, verb), decision);
    if (verb == VERB_ROLE)
        (void)snprintf(participant->role, sizeof participant->role, "%s",
                       *params->role ? params->role : "participant");
    else if (verb == VERB_RENAME) {
        (void)snprintf(participant->display_name, sizeof participant->display_name, "%s",
                       params->display_name);
        (void)snprintf(participant->spoken_name, sizeof participant->spoken_name, "%s",
                       params->spoken_name);
    } else if (verb == VERB_FLOOR)
        participant->has_floor = params->floor;
    else
        participant->listen_only = params->listen_only;
}

const char *participant_role(const struct participant *participant)
{
    return participant->role;
}

const char *participant_display_name(const struct participant *participant)
{
    return *participant->display_name ? participant->display_name
                                      : participant->info.caller.display_name;
}

const char *participant_given_name(const struct participant *participant)
{
    return participant->display_name;
}

const char *participant_spoken_name(const struct participant *participant)
{
    return (participant->main ? participant->main : participant)->spoken_name;
}

const char *participant_language(const struct participant *participant)
{
    return (participant->main ? participant->main : participant)->language;
}

const char *participant_shown_name(const struct participant *participant)
{
    return participant->anonymous ? participant->display_name
                                  : participant_display_name(participant);
}

bool participant_has_floor(const struct participant *participant)
{
    return participant->has_floor;
}

bool participant_may_speak(const struct participant *participant)
{
    return !participant->listen_only;
}
