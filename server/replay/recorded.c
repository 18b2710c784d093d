#include "replay/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FORMAT = 2 };

struct written {
    json_t *json; /* NULL: nobody needs it */
    char text[];
};

json_t *line_json(const struct recorded_line *line)
{
    struct written *written = line->written;

    if (!written->json)
        written->json = json_loads(written->text, 0, NULL);
    return written->json;
}

void line_release(const struct recorded_line *line)
{
    json_decref(line->written->json);
    line->written->json = NULL;
}

const char *text_in(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text ? text : "";
}

bool line_is(const struct recorded_line *line, const char *kind)
{
    return strcmp(line->kind, kind) == 0;
}

const char *line_text_of(const struct recorded_line *line, const char *key)
{
    return text_in(line_json(line), key);
}

uint64_t line_id(const struct recorded_line *line, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(line_json(line), key));
}

/* "2026-11-20T11:26:18.123Z" */
static int64_t parse_time(const char *text)
{
    struct tm utc = {.tm_mday = 1};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);

    return (int64_t)timegm(&utc) * 1000 + (rest && *rest == '.' ? strtol(rest + 1, NULL, 10) : 0);
}

static bool add(const json_t *json, const char *text, void *arg)
{
    struct recording *recording = arg;
    struct recorded_line *line, *longer;
    size_t size = strlen(text) + 1;

    longer = realloc(recording->lines, (recording->count + 1) * sizeof *longer);
    if (!longer)
        return false;
    recording->lines = longer;
    line = &longer[recording->count];
    *line = (struct recorded_line){.at = parse_time(text_in(json, "at"))};
    (void)snprintf(line->kind, sizeof line->kind, "%s", text_in(json, "kind"));
    line->written = malloc(sizeof *line->written + size);
    if (!line->written)
        return false;
    line->written->json = NULL;
    memcpy(line->written->text, text, size);
    recording->count++;
    return true;
}

int recorded_read(const char *file, struct recording *recording, unsigned *strangep, char *error,
                  size_t error_size)
{
    const struct journal_filter all = {.conference = NULL};
    struct journal_contents contents;
    int status = journal_read(file, &all, false, add, recording, &contents);

    *strangep = contents.strange;
    if (status) {
        (void)snprintf(error, error_size, "%s: %s", file, strerror(status));
        return status;
    }
    if (recording->count == 0 || !line_is(&recording->lines[0], "recording")) {
        (void)snprintf(error, error_size, "%s: this is no recording; `parley record` makes one",
                       file);
        return EINVAL;
    }
    if (json_integer_value(json_object_get(line_json(&recording->lines[0]), "format")) != FORMAT) {
        (void)snprintf(error, error_size, "%s: this recording is of another version of Parley",
                       file);
        return EINVAL;
    }
    return 0;
}

void recorded_free(struct recording *recording)
{
    for (unsigned i = 0; i < recording->count; i++) {
        line_release(&recording->lines[i]);
        free(recording->lines[i].written);
    }
    free(recording->lines);
}
