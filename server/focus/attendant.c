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

void attendant_wish(const struct conference *conference, struct request_params *params)
{
    const char *own = conference->attendant;

    (void)snprintf(params->attendant, sizeof params->attendant, "%s",
                   *own ? own : conference->focus->attendant);
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
