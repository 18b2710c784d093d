#include "replay/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FORMAT = 2 };

bool line_is(const struct recorded_line *line, const char *kind)
{
    return strcmp(line_text_of(line, "kind"), kind) == 0;
}

const char *line_text_of(const struct recorded_line *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line->json, key));

    return text ? text : "";
}

uint64_t line_id(const struct recorded_line *line, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(line->json, key));
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
    (void)text;
    struct recording *recording = arg;
    struct recorded_line *longer =
        realloc(recording->lines, (recording->count + 1) * sizeof *recording->lines);

    if (!longer)
        return false;
    recording->lines = longer;
    longer[recording->count] = (struct recorded_line){.json = json_incref((json_t *)json)};
    longer[recording->count].at = parse_time(line_text_of(&longer[recording->count], "at"));
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
    if (json_integer_value(json_object_get(recording->lines[0].json, "format")) != FORMAT) {
        (void)snprintf(error, error_size, "%s: this recording is of another version of Parley",
                       file);
        return EINVAL;
    }
    return 0;
}

void recorded_free(struct recording *recording)
{
    for (unsigned i = 0; i < recording->count; i++)
        json_decref(recording->lines[i].json);
    free(recording->lines);
}
