#include "journal/line.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct line *line, const char *bytes, size_t length)
{
    line->is_cut |= length > line->size - line->length;
    if (line->is_cut)
        return;
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
}

static void add_string(struct line *line, const char *text)
{
    size_t length = 0;

    add(line, "\"", 1);
    while (length < LINE_TEXT_MOST && text[length]) {
        size_t step = text_printable(text + length);

        if (step == 0)
            add(line, "?", 1);
        else if (text[length] == '"' || text[length] == '\\')
            add(line, text[length] == '"' ? "\\\"" : "\\\\", 2);
        else
            add(line, text + length, step);
        length += step ? step : 1;
    }
    add(line, "\"", 1);
}

static void add_key(struct line *line, const char *key)
{
    if (!line->is_first)
        add(line, ",", 1);
    line->is_first = false;
    add(line, "\"", 1);
    add(line, key, strlen(key));
    add(line, "\":", 2);
}

void line_begin(struct line *line, char *bytes, size_t size)
{
    *line = (struct line){.bytes = bytes, .size = size, .is_first = true};
    add(line, "{", 1);
}

void line_text(struct line *line, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    add_key(line, key);
    add_string(line, text);
}

void line_number(struct line *line, const char *key, int64_t number)
{
    char text[24];

    add_key(line, key);
    add(line, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)number));
}

void line_decimal(struct line *line, const char *key, float number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%.6g", (double)number);
    float read = strtof(text, NULL);

    if (read < number || read > number) /* so many digits tell all floats apart */
        length = snprintf(text, sizeof text, "%.9g", (double)number);
    add_key(line, key);
    add(line, text, (size_t)length);
}

void line_flag(struct line *line, const char *key, bool flag)
{
    add_key(line, key);
    add(line, flag ? "true" : "false", flag ? 4 : 5);
}

void line_value(struct line *line, const char *key, const json_t *value)
{
    size_t room, length;

    if (!value)
        return;
    add_key(line, key);
    room = line->size - line->length;
    length = json_dumpb(value, line->bytes + line->length, room, JSON_COMPACT | JSON_ENCODE_ANY);
    line->is_cut |= length == 0 || length > room;
    line->length += line->is_cut ? 0 : length;
}

void line_open(struct line *line, const char *key)
{
    add_key(line, key);
    add(line, "{", 1);
    line->is_first = true;
}

void line_close(struct line *line)
{
    add(line, "}", 1);
    line->is_first = false;
}

size_t line_end(struct line *line)
{
    add(line, "}\n", 2);
    return line->is_cut ? 0 : line->length;
}
