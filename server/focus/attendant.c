/* An application for who has come into a conference without one, by whatever way: it begins when
 * they are in, and when the one by which they came is over. */
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/visitor_parts.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

static bool is_named(const char *name)
{
    return *name && strcmp(name, "none") != 0;
}

void focus_set_attendant(struct focus *focus, const char *name)
{
    (void)snprintf(focus->attendant, sizeof focus->attendant, "%s", name);
}

void attendant_take(struct conference *conference, const struct conference_config *config)
{
    (void)snprintf(conference->attendant, sizeof conference->attendant, "%s",
                   config->attendant ? config->attendant : "");
}

/* As the config says now. */
static const char *usual_of(const struct conference *conference)
{
    return *conference->attendant ? conference->attendant : conference->focus->attendant;
}

void attendant_wish(const struct conference *conference, struct request_params *params)
{
    (void)snprintf(params->attendant, sizeof params->attendant, "%s", usual_of(conference));
}

void attendant_give(struct participant *participant, const char *name)
{
    participant->has_usual_attendant = strcmp(name, usual_of(participant->conference)) == 0;
    (void)snprintf(participant->attendant, sizeof participant->attendant, "%s", name);
}

void attendant_begin(struct participant *participant)
{
    const struct application *application = participant->conference->focus->application;
    const char *name = participant->attendant;
    struct visitor *visitor;

    if (participant->attendance != ATTENDANT_DUE || !is_named(name) || !participant->joined ||
        participant->main || participant->visitor)
        return;
    participant->attendance = ATTENDANT_BEGUN;
    if (!application || !application->exists(application->ctx, name)) {
        log_write(LOG_LEVEL_ERROR, participant->conference->name, participant->info.id,
                  "nobody attends to %s: there is no application \"%s\"",
                  participant->info.caller.uri, name);
        return;
    }
    visitor = visitor_attach(participant);
    if (visitor)
        application->begin(application->ctx, visitor, name);
    else
        log_error("out of memory: nobody attends to %s", participant->info.caller.uri);
}

/* What talks with the participant now does so no longer, unless that is another application. */
static void change(struct participant *participant, const char *name)
{
    struct visitor *visitor = participant->visitor;
    bool is_attended = participant->attendance == ATTENDANT_BEGUN && visitor && !visitor->is_let_go;

    (void)snprintf(participant->attendant, sizeof participant->attendant, "%s", name);
    participant->attendance = ATTENDANT_DUE;
    if (!is_attended) {
        attendant_begin(participant);
        return;
    }
    visitor_tell_left(visitor, 200, "It attends no longer");
    visitor_let_go(visitor); /* and the other begins */
}

void attendants_update(struct conference *conference)
{
    struct participant *participant = conference->members;
    const char *usual = usual_of(conference);

    while (participant) {
        if (!participant->main && participant->has_usual_attendant &&
            strcmp(participant->attendant, usual) != 0)
            change(participant, usual);
        /* What begins may put anybody out. */
        participant = participant->left ? conference->members : participant->next;
    }
}

void attendant_after(struct focus *focus, const struct conference_event *event)
{
    struct participant *participant;

    if (event->visitor || (event->kind != EVENT_JOINED && event->kind != EVENT_REPLACED))
        return;
    participant = focus_participant(focus, event->participant);
    if (participant && !participant->left)
        attendant_begin(participant);
}

void attendant_fail(struct participant *participant)
{
    if (participant->attendance == ATTENDANT_BEGUN)
        participant->attendance = ATTENDANT_FAILED;
}

void attendant_call_back(struct participant *participant)
{
    if (participant->attendance != ATTENDANT_FAILED)
        return;
    participant->attendance = ATTENDANT_DUE;
    attendant_begin(participant);
}
