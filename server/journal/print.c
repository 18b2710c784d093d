/*
 * Lines of the journal for people:
 *
 *   2026-11-20T11:26:18.123Z demo: sip:bob@192.0.2.7 asks to join: accepted, with muted true - by
 *   policy/quiet.lua:12, generation 1
 */
#include "journal/private.h"

#include <string.h>

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* " (12)" */
static void print_id(FILE *file, const json_t *object, const char *key)
{
    if (json_object_get(object, key))
        fprintf(file, " (%lld)", number_of(object, key));
}

/* " 403 Not you" */
static void print_outcome(FILE *file, const json_t *line)
{
    if (json_object_get(line, "code"))
        fprintf(file, " %lld", number_of(line, "code"));
    if (*text_of(line, "reason"))
        fprintf(file, " %s", text_of(line, "reason"));
}

/* "role host, muted true" */
static void print_params(FILE *file, json_t *params)
{
    const char *before = "", *name;
    json_t *value;

    json_object_foreach(params, name, value)
    {
        fprintf(file, "%s%s ", before, name);
        if (json_is_string(value))
            fputs(json_string_value(value), file);
        else if (json_is_boolean(value))
            fputs(json_is_true(value) ? "true" : "false", file);
        else
            fprintf(file, "%g", json_number_value(value));
        before = ", ";
    }
}

/* ---- decisions ------------------------------------------------------------------------------ */

static void print_actor(FILE *file, const json_t *actor)
{
    const char *kind = text_of(actor, "kind"), *proof = text_of(actor, "proof");
    const char *position = text_of(actor, "position");

    if (strcmp(kind, "server") == 0)
        fputs(*position ? "the operator" : "the server", file);
    else if (strcmp(kind, "script") == 0)
        fputs(*position ? position : text_of(actor, "uri"), file);
    else
        fputs(*text_of(actor, "uri") ? text_of(actor, "uri") : "somebody", file);
    if (*proof)
        fprintf(file, " (%s)", strcmp(proof, "none") == 0 ? "unproven" : proof);
}

/* "mute sip:bob@192.0.2.7 (12)" */
static void print_wish(FILE *file, const json_t *line)
{
    json_t *asked = json_object_get(line, "asked");
    const json_t *of = json_object_get(line, "of");

    if (*text_of(of, "verb"))
        fprintf(file, "decide about the %s of %s", text_of(of, "verb"),
                *text_of(of, "uri") ? text_of(of, "uri") : "the server");
    else
        fputs(text_of(line, "verb"), file);
    if (*text_of(line, "whom"))
        fprintf(file, " %s", text_of(line, "whom"));
    print_id(file, line, "target");
    print_id(file, line, "pending");
    if (json_object_size(asked) > 0) {
        fputs(", with ", file);
        print_params(file, asked);
    }
}

static void print_verdict(FILE *file, const json_t *line)
{
    json_t *given = json_object_get(line, "given");
    const char *verdict = text_of(line, "verdict");

    if (strcmp(verdict, "reject") == 0) {
        fputs("rejected", file);
        print_outcome(file, line);
    } else {
        fputs(strcmp(verdict, "accept") == 0 ? "accepted" : "pending", file);
    }
    if (*text_of(line, "waits_for"))
        fprintf(file, ", for %s to decide", text_of(line, "waits_for"));
    if (json_object_size(given) > 0) {
        fputs(", with ", file);
        print_params(file, given);
    }
}

/* "by policy/open.lua:12, generation 3" */
static void print_right(FILE *file, const json_t *line)
{
    const char *by = text_of(line, "by");

    fprintf(file, " - %s%s",
            json_is_true(json_object_get(line, "failed")) ? "by the error at " : "by ",
            strcmp(by, "default") == 0 ? "the server's default" : by);
    if (json_object_get(line, "generation"))
        fprintf(file, ", generation %lld", number_of(line, "generation"));
}

void journal_print_wish(FILE *file, const json_t *line)
{
    print_actor(file, json_object_get(line, "actor"));
    if (*text_of(line, "event")) {
        fprintf(file, ", told %s%s%s", text_of(line, "event"), *text_of(line, "digit") ? " " : "",
                text_of(line, "digit"));
        if (*text_of(line, "event_who"))
            fprintf(file, " of %s", text_of(line, "event_who"));
        print_id(file, line, "event_participant");
        fputc(',', file);
    }
    fputs(" asks to ", file);
    print_wish(file, line);
}

void journal_print_verdict(FILE *file, const json_t *line)
{
    print_verdict(file, line);
    print_right(file, line);
}

static void print_decision(FILE *file, const json_t *line)
{
    journal_print_wish(file, line);
    if (strcmp(text_of(line, "kind"), "failure") == 0) {
        fputs(": it could not be done:", file);
        print_outcome(file, line);
        return;
    }
    fputs(": ", file);
    journal_print_verdict(file, line);
}

/* ---- events --------------------------------------------------------------------------------- */

static void print_event(FILE *file, const json_t *line)
{
    static const char *const texts[] = {"role", "digit", "sidebar", "file", "removed_by"};
    const json_t *of = json_object_get(line, "of");

    fputs(text_of(line, "event"), file);
    if (json_object_get(line, "on"))
        fputs(json_is_true(json_object_get(line, "on")) ? " on" : " off", file);
    if (*text_of(line, "who"))
        fprintf(file, " %s", text_of(line, "who"));
    print_id(file, line, "participant");
    if (of)
        fprintf(file, " %s of %s", text_of(of, "verb"),
                *text_of(of, "uri") ? text_of(of, "uri") : "the server");
    print_id(file, line, "pending");
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (*text_of(line, texts[i]))
            fprintf(file, ", %s %s", texts[i], text_of(line, texts[i]));
    }
    if (json_object_get(line, "code") || *text_of(line, "reason"))
        fputc(':', file);
    print_outcome(file, line);
}

static void print_fact(FILE *file, const json_t *line)
{
    const json_t *value = json_object_get(line, "value");

    fprintf(file, "the fact %s is ", text_of(line, "fact"));
    if (!value || json_dumpf(value, file, JSON_ENCODE_ANY))
        fputs("unknown", file);
    fputs(" - by ", file);
    print_actor(file, json_object_get(line, "actor"));
}

static void print_move(FILE *file, const json_t *line)
{
    if (*text_of(line, "to"))
        fprintf(file, "the journal goes on in %s", text_of(line, "to"));
    else
        fprintf(file, "the journal goes on from %s", text_of(line, "from"));
}

void journal_print(FILE *file, const json_t *line)
{
    const char *kind = text_of(line, "kind");

    fprintf(file, "%s ", text_of(line, "at"));
    if (*text_of(line, "conference"))
        fprintf(file, "%s: ", text_of(line, "conference"));
    if (strcmp(kind, "decision") == 0 || strcmp(kind, "failure") == 0)
        print_decision(file, line);
    else if (strcmp(kind, "event") == 0)
        print_event(file, line);
    else if (strcmp(kind, "gap") == 0)
        fprintf(file, "%lld lines are lost here", number_of(line, "lost"));
    else if (strcmp(kind, "fact") == 0)
        print_fact(file, line);
    else if (strcmp(kind, "moved") == 0)
        print_move(file, line);
    else
        fprintf(file, "%s of Parley %s", kind, text_of(line, "version"));
    fputc('\n', file);
}
