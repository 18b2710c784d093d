/* The parameters of a line again. What is not as entry.c has written it is as if it was not there.
 */
#include "journal/private.h"

#include "focus/params.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The index of the text among the names that `name_of` gives. */
#define NAMED(field, type, count, name_of)                                                         \
    for (unsigned i = 0; i < (unsigned)(count); i++) {                                             \
        if (strcmp(name_of((type)i), text) == 0)                                                   \
            *(type *)(field) = (type)i;                                                            \
    }

static void take_name(const struct param *param, const char *text, void *field)
{
    if (param->kind == KIND_VIEW)
        NAMED(field, enum view, VIEW_COUNT, view_name)
    else if (param->kind == KIND_SHOWN)
        NAMED(field, enum sidebar_shown, SIDEBAR_SHOWN_COUNT, sidebar_shown_name)
    else
        NAMED(field, enum stream_direction, STREAM_DIRECTIONS, stream_direction_name)
}

static void take_param(const struct param *param, const json_t *value, void *field)
{
    switch (param->kind) {
    case KIND_FLAG:
    case KIND_UNLESS:
        *(bool *)field = json_is_true(value) != (param->kind == KIND_UNLESS);
        return;
    case KIND_NUMBER:
        *(float *)field = (float)json_number_value(value);
        return;
    case KIND_BACKGROUND:
        *(float *)field = json_is_number(value) ? (float)json_number_value(value) : GAIN_OFF;
        return;
    case KIND_TIME:
        *(unsigned *)field = (unsigned)lround(json_number_value(value) * 1000);
        return;
    case KIND_VIEW:
    case KIND_SHOWN:
    case KIND_DIRECTION:
        take_name(param, json_is_string(value) ? json_string_value(value) : "", field);
        return;
    case KIND_TEXT:
    case KIND_FILES:
    case KIND_QUESTION:
    case KIND_POLICIES:
    case KIND_LANGUAGE:
    case KIND_FILE:
    case KIND_CODECS:
        (void)snprintf(field, param->size, "%s",
                       json_is_string(value) ? json_string_value(value) : "");
        return;
    }
}

static void take_params(const json_t *object, struct request_params *params)
{
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        const struct param *param = param_at(i);
        const json_t *value = json_object_get(object, param->name);

        if (value)
            take_param(param, value, (char *)params + param->offset);
    }
}

void journal_params(const json_t *line, enum verb verb, struct request_params *asked,
                    struct request_params *given)
{
    *asked = *entry_plain(verb);
    take_params(json_object_get(line, "asked"), asked);
    *given = *asked;
    take_params(json_object_get(line, "given"), given);
}
