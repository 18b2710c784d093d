/* "pending [CONFERENCE]", "approve ID" and "refuse ID [REASON]": what waits for a decision, and the
 * operator's. */
#include "control/private.h"

#include "focus/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ID_WIDTH = 6, NAME_WIDTH = 14, VERB_WIDTH = 9, URI_WIDTH = 26 };

static json_t *deciders_json(const struct waiting *waiting)
{
    json_t *deciders = json_array();

    for (unsigned i = 0; i < DECIDERS_MAX && *waiting->decided_by[i]; i++) {
        json_array_append_new(deciders, json_text(waiting->decided_by[i]));
    }
    return deciders;
}

/* Whom it is about: who is to be called, or a participant; "" for the conference as a whole. */
static const char *target_of(struct focus *focus, const struct request *request)
{
    const struct participant *target = focus_participant(focus, request->target);

    return request->invitation ? request->invitation->uri
           : target            ? participant_call(target)->caller.uri
                               : "";
}

static json_t *pending_json(struct focus *focus, const struct pending *pending)
{
    const struct request *request = pending_request(pending);
    const struct decision *decision = pending_decision(pending);
    time_t now = time(NULL);
    json_t *json = json_object();

    json_object_set_new(json, "id", json_integer((json_int_t)pending_id(pending)));
    json_object_set_new(json, "verb", json_string(verb_name(request->verb)));
    json_object_set_new(json, "uri", json_text(request->actor.uri));
    json_object_set_new(json, "name", json_text(request->actor.display_name));
    json_object_set_new(json, "authenticated", json_boolean(request->actor.authenticated));
    json_object_set_new(json, "target", json_text(target_of(focus, request)));
    json_object_set_new(json, "decided_by", deciders_json(&decision->waiting));
    json_object_set_new(json, "reason", json_text(decision->reason));
    json_object_set_new(json, "by", json_text(decision->by));
    json_object_set_new(json, "since", json_time(pending_since(pending)));
    json_object_set_new(json, "seconds",
                        json_integer((json_int_t)difftime(now, pending_since(pending))));
    json_object_set_new(json, "expires_in",
                        json_integer((json_int_t)difftime(pending_expires_at(pending), now)));
    return json;
}

json_t *control_pending_of(struct focus *focus, const struct conference *conference)
{
    json_t *list = json_array();

    for (const struct pending *pending = conference_next_pending(conference, NULL); pending;
         pending = conference_next_pending(conference, pending)) {
        json_array_append_new(list, pending_json(focus, pending));
    }
    return list;
}

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static void render_roles(FILE *file, const json_t *roles)
{
    size_t index;
    const json_t *role;

    json_array_foreach(roles, index, role)
    {
        fprintf(file, "%s%s", index ? ", " : "", json_string_value(role));
    }
}

static void render_pending(FILE *file, const char *conference, const json_t *pending)
{
    char text[32];
    const char *reason = text_of(pending, "reason");

    snprintf(text, sizeof text, "%lld",
             (long long)json_integer_value(json_object_get(pending, "id")));
    render_cell(file, text, ID_WIDTH);
    render_cell(file, conference, NAME_WIDTH);
    render_cell(file, text_of(pending, "verb"), VERB_WIDTH);
    render_cell(file, *text_of(pending, "uri") ? text_of(pending, "uri") : "the server", URI_WIDTH);
    render_cell(file, text_of(pending, "target"), URI_WIDTH);
    render_time(text, sizeof text, json_integer_value(json_object_get(pending, "seconds")));
    fprintf(file, "%7s ", text);
    render_time(text, sizeof text, json_integer_value(json_object_get(pending, "expires_in")));
    fprintf(file, "%7s  ", text);
    render_roles(file, json_object_get(pending, "decided_by"));
    fprintf(file, "%s%s\n", *reason ? ": " : "", reason);
}

int control_pending(struct focus *focus, const char *name, FILE *file)
{
    const struct conference *conference = NULL;
    size_t count = 0;

    if (*name && !focus_conference_by_name(focus, name)) {
        return ENOENT;
    }
    while ((conference = focus_next_conference(focus, conference))) {
        size_t index;
        const json_t *pending;
        if (*name && strcmp(conference_name(conference), name) != 0) {
            continue;
        }
        json_t *list = control_pending_of(focus, conference);
        json_array_foreach(list, index, pending)
        {
            if (count++ == 0) {
                fprintf(file, "%-*s %-*s %-*s %-*s %-*s %7s %7s  %s\n", ID_WIDTH, "ID", NAME_WIDTH,
                        "CONFERENCE", VERB_WIDTH, "WANTS TO", URI_WIDTH, "WHO", URI_WIDTH, "WHOM",
                        "WAITS", "FOR", "DECIDES");
            }
            render_pending(file, conference_name(conference), pending);
        }
        json_decref(list);
    }
    if (count == 0) {
        fputs("Nothing waits for a decision.\n", file);
    }
    return 0;
}

/* ---- deciding ------------------------------------------------------------------------------- */

static int decide(struct focus *focus, const char *words, struct request *wish, char *told,
                  size_t told_size)
{
    char *rest;
    unsigned long long id = strtoull(words, &rest, 10);
    struct actor actor;
    struct decision decision;

    if (rest == words || (*rest != ' ' && *rest != '\0')) {
        snprintf(told, told_size, "give the number that `parley pending` tells");
        return EINVAL;
    }
    snprintf(wish->params.reason, sizeof wish->params.reason, "%s", rest + strspn(rest, " "));
    actor_of_operator(&actor);
    int error = pending_submit(focus, &actor, id, wish, &decision);
    if (error == ENOENT) {
        snprintf(told, told_size, "nothing of number %llu waits for a decision", id);
    } else if (error) {
        snprintf(told, told_size, "%llu: %d %s", id, decision.code, decision.reason);
    } else {
        snprintf(told, told_size, "%llu is %s", id, wish->params.approved ? "approved" : "refused");
    }
    return error;
}

int control_approve(struct focus *focus, const char *words, char *told, size_t told_size)
{
    struct request wish = {.params = {.approved = true}};

    return decide(focus, words, &wish, told, told_size);
}

int control_refuse(struct focus *focus, const char *words, char *told, size_t told_size)
{
    struct request wish = {.params = {.approved = false}};

    return decide(focus, words, &wish, told, told_size);
}
