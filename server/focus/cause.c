#include "focus/cause.h"
#include "focus/conference.h"
#include "focus/participant.h"
#include "focus/private.h"

#include <stdio.h>
#include <string.h>

static const char *name_of(struct focus *focus, const struct actor *actor)
{
    if (actor->kind == ACTOR_SCRIPT)
        return actor->position ? actor->position : actor->uri;
    return actor->kind == ACTOR_CALLER && actor->uri && !actor_is_secret(focus, actor) ? actor->uri
                                                                                       : "";
}

void cause_take(struct cause *cause, struct focus *focus, const struct request *request)
{
    const struct conference_event *event = focus->telling;

    cause->verb = request->verb;
    cause->asker = request->actor.kind;
    (void)snprintf(cause->who, sizeof cause->who, "%s", name_of(focus, &request->actor));
    cause->at = loop_time(focus->loop);
    cause->event = event ? event->kind : EVENT_COUNT;
    cause->event_participant = event ? event->participant : 0;
    cause->digit = event ? event->digit : '\0';
}

void cause_keep_secret(struct decision *decision, enum verb verb)
{
    bool is_newcomer = verb == VERB_JOIN || verb == VERB_REPLACE;

    if (is_newcomer && (decision->params.anonymous || decision->params.hidden))
        decision->cause.who[0] = '\0';
}

void cause_note(struct cause *kept, const struct decision *decision)
{
    *kept = decision->cause;
    (void)snprintf(kept->by, sizeof kept->by, "%s", decision->by);
    kept->generation = decision->generation;
}

void cause_moderate(struct cause *cause, const struct decision *moderation)
{
    cause->is_moderated = true;
    cause->moderator = moderation->cause.asker;
    (void)snprintf(cause->moderated_by, sizeof cause->moderated_by, "%s", moderation->cause.who);
    cause->at = moderation->cause.at;
    cause->event = moderation->cause.event;
    cause->event_participant = moderation->cause.event_participant;
    cause->digit = moderation->cause.digit;
}

void causes_inherit(struct participant *participant, const struct participant *predecessor)
{
    const bool is_same[CAUSE_COUNT] = {
        [CAUSE_MUTE] = participant->muted == predecessor->muted,
        [CAUSE_HOLD] = participant->held_by_us == predecessor->held_by_us,
        [CAUSE_VOLUME] = participant->speaks >= predecessor->speaks &&
                         participant->speaks <= predecessor->speaks &&
                         participant->hears >= predecessor->hears &&
                         participant->hears <= predecessor->hears,
        [CAUSE_ROLE] = strcmp(participant->role, predecessor->role) == 0,
        [CAUSE_NAME] = strcmp(participant->display_name, predecessor->display_name) == 0,
        [CAUSE_FLOOR] = participant->has_floor == predecessor->has_floor,
        [CAUSE_PERMIT] = participant->listen_only == predecessor->listen_only,
    };

    for (unsigned kind = 0; kind < CAUSE_COUNT; kind++) {
        if (is_same[kind])
            participant->causes[kind] = *participant_cause(predecessor, kind);
    }
}

const struct cause *participant_cause(const struct participant *participant, enum cause_kind kind)
{
    return &participant->causes[participant->causes[kind].at ? kind : CAUSE_ENTRY];
}

const struct cause *conference_made_cause(const struct conference *conference)
{
    return &conference->made_cause;
}

const struct cause *conference_lock_cause(const struct conference *conference)
{
    return &conference->lock_cause;
}
