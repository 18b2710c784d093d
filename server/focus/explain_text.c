/* Explanations in one line each. */
#include "focus/explain.h"
#include "focus/focus.h"
#include "focus/participant.h"
#include "focus/pending.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void participant_label(const struct participant *participant, char *text, size_t size)
{
    const struct caller *caller = &participant->info.caller;

    if (participant->anonymous)
        (void)snprintf(text, size, "anonymous%u", participant->anonymous);
    else
        (void)snprintf(text, size, "%s", *caller->user ? caller->user : caller->host);
}

bool participant_is_meant(const struct participant *participant, const char *name)
{
    const struct caller *caller = &participant->info.caller;
    char id[24], label[64];

    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)participant->id);
    participant_label(participant, label, sizeof label);
    return strcmp(name, id) == 0 || strcmp(name, label) == 0 || strcmp(name, caller->user) == 0 ||
           strcasecmp(name, caller->uri) == 0;
}

void explanation_head(const struct participant *listener, const struct participant *talker,
                      const struct explanation *explanation, char *text, size_t size)
{
    char hears[64], heard[64];

    participant_label(listener, hears, sizeof hears);
    participant_label(talker, heard, sizeof heard);
    if (explanation->is_audible)
        (void)snprintf(text, size, "%s hears %s at %+.1f dB", hears, heard,
                       (double)explanation->gain);
    else
        (void)snprintf(text, size, "%s does not hear %s", hears, heard);
}

static const char *name_or(const char *name, enum actor_kind kind)
{
    if (*name)
        return name;
    return kind == ACTOR_CALLER ? "somebody without a name" : "Parley or its operator";
}

static void time_text(time_t when, char *text, size_t size)
{
    struct tm utc;

    (void)gmtime_r(&when, &utc);
    (void)strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Whom a request is about, " of alice"; "" for the conference as a whole. */
static void target_text(struct focus *focus, const struct request *request, char *text, size_t size)
{
    const struct participant *target = focus_participant(focus, request->target);
    char label[64];

    text[0] = '\0';
    if (request->invitation) {
        (void)snprintf(text, size, " of %s", request->invitation->uri);
    } else if (target) {
        participant_label(target, label, sizeof label);
        (void)snprintf(text, size, " of %s", label);
    }
}

/* "host or moderator" */
static void deciders_text(const struct waiting *waiting, char *text, size_t size)
{
    size_t length = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < DECIDERS_MAX && *waiting->decided_by[i] && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " or " : "",
                                   waiting->decided_by[i]);
}

void pending_line(struct focus *focus, const struct pending *pending, char *text, size_t size)
{
    const struct request *request = pending_request(pending);
    const time_t expires_at = pending_expires_at(pending);
    char target[100], deciders[160], until[32];

    target_text(focus, request, target, sizeof target);
    deciders_text(&pending_decision(pending)->waiting, deciders, sizeof deciders);
    time_text(expires_at, until, sizeof until);
    (void)snprintf(text, size, "%s on: %s%s, until %s", deciders, verb_name(request->verb), target,
                   until);
}

/* "asked by sip:bob@example.com, ", and whose moment the event is that follows. */
static void asked_text(const struct cause *cause, char *text, size_t size)
{
    const char *asker = name_or(cause->who, cause->asker);
    const char *moderator = name_or(cause->moderated_by, cause->moderator);

    if (cause->is_moderated)
        (void)snprintf(text, size, "asked by %s, answered by %s", asker, moderator);
    else
        (void)snprintf(text, size, "asked by %s", asker);
}

/* " when told digit 1 of alice" */
static void event_text(struct focus *focus, const struct cause *cause, char *text, size_t size)
{
    const struct participant *participant = focus_participant(focus, cause->event_participant);
    char label[64] = "somebody who has left", digit[4] = "";

    text[0] = '\0';
    if (cause->event == EVENT_COUNT)
        return;
    if (participant)
        participant_label(participant, label, sizeof label);
    if (cause->event == EVENT_DIGIT)
        (void)snprintf(digit, sizeof digit, " %c", cause->digit);
    (void)snprintf(text, size, " when told %s%s%s%s", event_name(cause->event), digit,
                   cause->event_participant ? " of " : "", cause->event_participant ? label : "");
}

void cause_line(struct focus *focus, const struct cause *cause, char *text, size_t size)
{
    char asked[256], event[128], generation[32] = "", when[32];

    asked_text(cause, asked, sizeof asked);
    event_text(focus, cause, event, sizeof event);
    if (cause->generation)
        (void)snprintf(generation, sizeof generation, ", generation %u", cause->generation);
    time_text(cause->at, when, sizeof when);
    if (strcmp(cause->who, cause->by) == 0) /* what it decided, it was not asked for */
        (void)snprintf(text, size, "decided by %s%s, %s", cause->by, generation, when);
    else
        (void)snprintf(text, size, "%s%s, %s by %s%s, %s", asked, event,
                       cause->is_moderated ? "which is allowed" : "decided", cause->by, generation,
                       when);
}

void reason_line(struct focus *focus, const struct reason *reason, char *text, size_t size)
{
    char cause[REASON_LINE];

    if (reason->is_caused)
        cause_line(focus, &reason->cause, cause, sizeof cause);
    (void)snprintf(text, size, "%s%s%s", reason->text, reason->is_caused ? ": " : "",
                   reason->is_caused ? cause : "");
}
