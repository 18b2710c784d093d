/* "explain CONFERENCE [LISTENER [TALKER]]": why somebody does not hear another, or is not in. */
#include "control/private.h"

#include "focus/explain.h"
#include "focus/pending.h"

#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 600 };

/* ---- who is meant --------------------------------------------------------------------------- */

/* The next word, "" when there is none; false: it is too long for anybody's name. */
static bool take_word(const char **wordsp, char *word, size_t size)
{
    const char *words = *wordsp + strspn(*wordsp, " ");
    size_t length = strcspn(words, " ");
    bool fits = length < size;

    snprintf(word, size, "%.*s", fits ? (int)length : 0, words);
    *wordsp = words + length;
    return fits;
}

/* "12 sip:bob@example.com, 15 sip:bob@example.com" of those who are meant, or of all. */
static void list_people(const struct conference *conference, const char *name, char *text,
                        size_t size)
{
    const struct participant *participant = NULL;
    size_t length = 0;

    text[0] = '\0';
    while (length < size && (participant = conference_next_participant(conference, participant))) {
        if (!name || participant_is_meant(participant, name)) {
            length +=
                (size_t)snprintf(text + length, size - length, "%s%llu %s", length ? ", " : "",
                                 (unsigned long long)participant_id(participant),
                                 participant_call(participant)->caller.uri);
        }
    }
}

/* NULL: there is nobody of that name, or more than one: *countp. */
static const struct participant *find_in(const struct conference *conference, const char *name,
                                         unsigned *countp)
{
    const struct participant *participant = NULL, *found = NULL;

    *countp = 0;
    while ((participant = conference_next_participant(conference, participant))) {
        if (participant_is_meant(participant, name)) {
            found = participant;
            ++*countp;
        }
    }
    return *countp == 1 ? found : NULL;
}

/* Nobody in a sidebar is meant by the name: in the parent, which is heard there, somebody may be.
 * NULL: `told` says who could be meant. */
static const struct participant *find_person(const struct conference *conference, bool in_parent,
                                             const char *name, char *told, size_t told_size)
{
    const struct conference *parent = in_parent ? conference_parent(conference) : NULL;
    unsigned count;
    const struct participant *found = find_in(conference, name, &count);
    char people[800];

    if (count == 0 && parent) {
        found = find_in(parent, name, &count);
    } else {
        parent = NULL;
    }
    if (found) {
        return found;
    }
    list_people(parent && count ? parent : conference, count ? name : NULL, people, sizeof people);
    if (count) {
        snprintf(told, told_size, "\"%s\" may be each of these, give the id: %s", name, people);
    } else {
        snprintf(told, told_size, "nobody in %s is \"%s\"; there %s", conference_name(conference),
                 name, *people ? "are: " : "is nobody");
        strncat(told, people, told_size - strlen(told) - 1);
    }
    return NULL;
}

/* ---- what is told --------------------------------------------------------------------------- */

/* Of the cause, into the object that it explains. */
static void set_cause(json_t *object, struct focus *focus, const struct cause *cause)
{
    char line[REASON_LINE];

    cause_line(focus, cause, line, sizeof line);
    json_object_set_new(object, "because", json_text(line));
    json_object_set_new(object, "verb",
                        json_text(cause->verb == VERB_COUNT ? "mix" : verb_name(cause->verb)));
    json_object_set_new(object, "asked_by", json_text(cause->who));
    if (cause->is_moderated) {
        json_object_set_new(object, "answered_by", json_text(cause->moderated_by));
    }
    json_object_set_new(object, "by", json_text(cause->by));
    json_object_set_new(object, "generation", json_integer((json_int_t)cause->generation));
    json_object_set_new(object, "event",
                        cause->event == EVENT_COUNT ? json_null()
                                                    : json_text(event_name(cause->event)));
    json_object_set_new(object, "at", json_time(cause->at));
}

static json_t *reasons_json(struct focus *focus, const struct explanation *explanation)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < explanation->count; i++) {
        const struct reason *reason = &explanation->reasons[i];
        json_t *object = json_object();
        json_object_set_new(object, "text", json_text(reason->text));
        if (reason->is_caused) {
            set_cause(object, focus, &reason->cause);
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *pair_json(struct focus *focus, const struct participant *listener,
                         const struct participant *talker)
{
    struct explanation explanation;
    json_t *object = json_object();
    char head[200];

    explain_pair(listener, talker, &explanation);
    explanation_head(listener, talker, &explanation, head, sizeof head);
    json_object_set_new(object, "text", json_text(head));
    json_object_set_new(object, "audible", json_boolean(explanation.is_audible));
    json_object_set_new(object, "gain",
                        explanation.is_audible ? json_hundredths(explanation.gain) : json_null());
    json_object_set_new(object, "reasons", reasons_json(focus, &explanation));
    return object;
}

static json_t *person_json(struct focus *focus, const struct participant *participant)
{
    struct explanation explanation;
    json_t *object = json_object();
    char head[200], label[64];

    explain_one(participant, &explanation);
    participant_label(participant, label, sizeof label);
    snprintf(head, sizeof head, "%s (participant %llu, %s)", label,
             (unsigned long long)participant_id(participant), participant_status(participant));
    json_object_set_new(object, "text", json_text(head));
    json_object_set_new(object, "id", json_integer((json_int_t)participant_id(participant)));
    json_object_set_new(object, "reasons", reasons_json(focus, &explanation));
    return object;
}

/* How one is in, and whom they hear. */
static json_t *listener_json(struct focus *focus, const struct conference *conference,
                             const struct participant *listener)
{
    const struct participant *talker = NULL;
    json_t *object = person_json(focus, listener);
    json_t *hears = json_array();

    while ((talker = conference_next_participant(conference, talker))) {
        if (talker != listener) {
            json_array_append_new(hears, pair_json(focus, listener, talker));
        }
    }
    json_object_set_new(object, "hears", hears);
    return object;
}

static json_t *incident_json(struct focus *focus, const struct incident *incident)
{
    const char *who = *incident->cause.who ? incident->cause.who : "somebody without a name";
    json_t *object = json_object();
    char text[400], times[32] = "";

    if (incident->count > 1) {
        snprintf(times, sizeof times, " (%u times)", incident->count);
    }
    if (!incident->is_removal) {
        snprintf(text, sizeof text, "%s may not %s: %d %s%s", who, verb_name(incident->cause.verb),
                 incident->code, incident->reason, times);
    } else {
        snprintf(text, sizeof text, "%s was put out%s%s%s",
                 *incident->whom ? incident->whom : "somebody without a name",
                 *incident->reason ? ": " : "", incident->reason, times);
    }
    json_object_set_new(object, "text", json_text(text));
    json_object_set_new(object, "code", json_integer(incident->code));
    json_object_set_new(object, "whom", json_text(incident->whom));
    json_object_set_new(object, "count", json_integer((json_int_t)incident->count));
    set_cause(object, focus, &incident->cause);
    return object;
}

/* What waits, and for whom. */
static json_t *pending_json(struct focus *focus, const struct pending *pending)
{
    json_t *object = json_object();
    struct cause cause;
    char text[400], line[200];

    cause_note(&cause, pending_decision(pending));
    pending_line(focus, pending, line, sizeof line);
    snprintf(text, sizeof text, "%s waits for a decision of %s",
             *cause.who ? cause.who : "somebody without a name", line);
    json_object_set_new(object, "text", json_text(text));
    json_object_set_new(object, "id", json_integer((json_int_t)pending_id(pending)));
    json_object_set_new(object, "expires", json_time(pending_expires_at(pending)));
    set_cause(object, focus, &cause);
    return object;
}

/* Of somebody who wants in and waits; NULL: nobody of that name does. */
static const struct pending *find_waiting(const struct conference *conference, const char *name)
{
    const struct pending *pending = NULL;

    while ((pending = conference_next_pending(conference, pending))) {
        const struct request *request = pending_request(pending);
        if (request->verb == VERB_JOIN && request->actor.user &&
            (strcmp(request->actor.user, name) == 0 || strcasecmp(request->actor.uri, name) == 0)) {
            return pending;
        }
    }
    return NULL;
}

/* Why there is the conference, when that was not the config's doing. */
static json_t *making_json(struct focus *focus, const struct conference *conference)
{
    const struct cause *cause = conference_made_cause(conference);
    struct explanation explanation = {.count = cause->at ? 1 : 0};

    explanation.reasons[0] =
        (struct reason){.text = "it was made", .is_caused = true, .cause = *cause};
    return reasons_json(focus, &explanation);
}

static json_t *conference_json(struct focus *focus, const struct conference *conference)
{
    const struct cause *lock_cause = conference_lock_cause(conference);
    const struct participant *participant = NULL;
    const struct incident *incident = NULL;
    json_t *object = json_object();
    json_t *people = json_array();
    json_t *incidents = json_array();
    json_t *waiting = json_array();
    const struct pending *pending = NULL;
    char head[200];

    snprintf(head, sizeof head, "conference %s is %s", conference_name(conference),
             conference_is_locked(conference) ? "locked" : "open");
    json_object_set_new(object, "text", json_text(head));
    json_object_set_new(object, "locked", json_boolean(conference_is_locked(conference)));
    if (lock_cause->at) {
        set_cause(object, focus, lock_cause);
    }
    json_object_set_new(object, "reasons", making_json(focus, conference));
    while ((participant = conference_next_participant(conference, participant))) {
        json_array_append_new(people, person_json(focus, participant));
    }
    while ((pending = conference_next_pending(conference, pending))) {
        json_array_append_new(waiting, pending_json(focus, pending));
    }
    while ((incident = conference_next_incident(conference, incident))) {
        json_array_append_new(incidents, incident_json(focus, incident));
    }
    json_object_set_new(object, "participants", people);
    json_object_set_new(object, "pending", waiting);
    json_object_set_new(object, "refused", incidents);
    return object;
}

json_t *control_explain(struct focus *focus, const char *words, char *told, size_t told_size)
{
    char name[CONFERENCE_NAME_MAX + 1], first[NAME_MAX_BYTES], second[NAME_MAX_BYTES];
    const struct participant *listener, *talker;
    const struct conference *conference;
    const struct pending *waiting;

    if (!take_word(&words, name, sizeof name) || !take_word(&words, first, sizeof first) ||
        !take_word(&words, second, sizeof second) || !*name) {
        snprintf(told, told_size, "explain needs a conference, and may have two of who is in it");
        return NULL;
    }
    conference = focus_conference_by_name(focus, name);
    if (!conference) {
        snprintf(told, told_size, "there is no conference \"%s\"", name);
        return NULL;
    }
    if (!*first) {
        return conference_json(focus, conference);
    }
    waiting = find_waiting(conference, first);
    if (!waiting && *second) {
        waiting = find_waiting(conference, second);
    }
    if (waiting) {
        return pending_json(focus, waiting);
    }
    listener = find_person(conference, *second, first, told, told_size);
    if (!listener || !*second) {
        return listener ? listener_json(focus, conference, listener) : NULL;
    }
    talker = find_person(conference, true, second, told, told_size);
    return talker ? pair_json(focus, listener, talker) : NULL;
}

/* ---- for people ----------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The text, and below it why it is so. */
static void print_reason(FILE *file, const json_t *object, unsigned depth)
{
    const char *because = text_of(object, "because");

    fprintf(file, "%*s%s\n", (int)depth, "", text_of(object, "text"));
    if (*because) {
        fprintf(file, "%*s%s\n", (int)depth + 4, "", because);
    }
}

/* With its reasons, which stand below. */
static void print_explained(FILE *file, const json_t *object, unsigned depth)
{
    const json_t *reason;
    size_t i;

    print_reason(file, object, depth);
    json_array_foreach(json_object_get(object, "reasons"), i, reason)
    {
        print_reason(file, reason, depth + 2);
    }
}

void control_render_explanation(FILE *file, const json_t *explanation)
{
    const json_t *refused = json_object_get(explanation, "refused");
    const json_t *object;
    size_t i;

    print_explained(file, explanation, 0);
    json_array_foreach(json_object_get(explanation, "hears"), i, object)
    {
        print_explained(file, object, 0);
    }
    json_array_foreach(json_object_get(explanation, "participants"), i, object)
    {
        print_explained(file, object, 0);
    }
    json_array_foreach(json_object_get(explanation, "pending"), i, object)
    {
        print_reason(file, object, 0);
    }
    if (json_array_size(refused) > 0) {
        fputs("Lately refused or put out:\n", file);
    }
    json_array_foreach(refused, i, object)
    {
        print_reason(file, object, 2);
    }
}
