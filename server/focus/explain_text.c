/* Explanations in one line each. */
#include "focus/explain.h"
#include "focus/focus.h"
#include "focus/participant.h"

#include <stdio.h>
#include <string.h>

void participant_label(const struct participant *participant, char *text, size_t size)
{
    const struct caller *caller = &participant->info.caller;

    if (participant->anonymous)
        (void)snprintf(text, size, "anonymous%u", participant->anonymous);
    else
        (void)snprintf(text, size, "%s", *caller->user ? caller->user : caller->host);
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
    struct tm utc;

    asked_text(cause, asked, sizeof asked);
    event_text(focus, cause, event, sizeof event);
    if (cause->generation)
        (void)snprintf(generation, sizeof generation, ", generation %u", cause->generation);
    (void)gmtime_r(&cause->at, &utc);
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
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
