#include "sip/multipart.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 70 }; /* characters, RFC 2046 §5.1.1 */

/* Bytes that are still to be read. */
struct text {
    const char *at, *end;
};

bool multipart_boundary(const char *value, char *boundary, size_t size)
{
    size_t length = value ? strlen(value) : 0;

    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value++;
        length -= 2;
    }
    if (length == 0 || length > BOUNDARY_MAX || length >= size || value[length - 1] == ' ') {
        return false;
    }
    memcpy(boundary, value, length);
    boundary[length] = '\0';
    return strspn(boundary, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                            "'()+_,-./:=? ") == length;
}

/* The next line, without its end. False: there is none. */
static bool next_line(struct text *text, struct text *line)
{
    if (text->at == text->end) {
        return false;
    }
    const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
    line->at = text->at;
    line->end = newline ? newline : text->end;
    text->at = newline ? newline + 1 : text->end;
    if (line->end > line->at && line->end[-1] == '\r') {
        line->end--;
    }
    return true;
}

/* Whether the line is a delimiter; *is_lastp: the last one. */
static bool is_delimiter(struct text line, const char *boundary, bool *is_lastp)
{
    size_t length = strlen(boundary);

    if ((size_t)(line.end - line.at) < length + 2 || memcmp(line.at, "--", 2) != 0 ||
        memcmp(line.at + 2, boundary, length) != 0) {
        return false;
    }
    line.at += length + 2;
    *is_lastp = line.end - line.at >= 2 && memcmp(line.at, "--", 2) == 0;
    line.at += *is_lastp ? 2 : 0;
    while (line.at < line.end && (*line.at == ' ' || *line.at == '\t')) {
        line.at++; /* transport padding */
    }
    return line.at == line.end;
}

/* ---- the header of a part ------------------------------------------------------------------- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static void trim(struct text *text)
{
    while (text->at < text->end && is_blank(*text->at)) {
        text->at++;
    }
    while (text->at < text->end && is_blank(text->end[-1])) {
        text->end--;
    }
}

static void copy(char *field, size_t size, struct text value, bool lower)
{
    size_t length = 0;
    for (; value.at < value.end && length + 1 < size; value.at++) {
        field[length++] = lower ? (char)tolower((unsigned char)*value.at) : *value.at;
    }
    field[length] = '\0';
}

/* The value up to its first parameter; *rest: the parameters. */
static struct text first_word(struct text value, struct text *rest)
{
    const char *semicolon = memchr(value.at, ';', (size_t)(value.end - value.at));
    rest->at = semicolon ? semicolon + 1 : value.end;
    rest->end = value.end;
    value.end = semicolon ? semicolon : value.end;
    trim(&value);
    return value;
}

static bool is_word(struct text text, const char *word)
{
    return (size_t)(text.end - text.at) == strlen(word) &&
           strncasecmp(text.at, word, strlen(word)) == 0;
}

static bool has_parameter(struct text rest, const char *wanted)
{
    while (rest.at < rest.end) {
        struct text one = first_word(rest, &rest);
        if (is_word(one, wanted)) {
            return true;
        }
    }
    return false;
}

static void take_id(struct body_part *part, struct text word)
{
    bool is_bracketed = word.end - word.at >= 2 && word.at[0] == '<' && word.end[-1] == '>';
    word.at += is_bracketed;
    word.end -= is_bracketed;
    copy(part->id, sizeof part->id, word, false);
}

void multipart_id(const char *value, struct body_part *part)
{
    struct text word = {value, value + strlen(value)};
    trim(&word);
    take_id(part, word);
}

static void read_field(struct body_part *part, struct text name, struct text value)
{
    struct text rest, word = first_word(value, &rest);

    if (is_word(name, "Content-Type") || is_word(name, "c")) {
        copy(part->type, sizeof part->type, word, true);
    } else if (is_word(name, "Content-Disposition")) {
        copy(part->disposition, sizeof part->disposition, word, true);
        part->is_optional = has_parameter(rest, "handling=optional");
    } else if (is_word(name, "Content-ID")) {
        take_id(part, word);
    } else if (is_word(name, "Content-Transfer-Encoding")) {
        part->is_encoded |=
            !is_word(word, "7bit") && !is_word(word, "8bit") && !is_word(word, "binary");
    } else if (is_word(name, "Content-Encoding") || is_word(name, "e")) {
        part->is_encoded |= !is_word(word, "identity");
    }
}

/* The lines up to the empty one. A folded line continues the one before it. */
static int read_header(struct text *text, struct body_part *part)
{
    struct text line, next;

    while (next_line(text, &line)) {
        if (line.at == line.end) {
            return 0;
        }
        while (text->at < text->end && is_blank(*text->at) && next_line(text, &next)) {
            line.end = next.end;
        }
        const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));
        if (!colon) {
            return EBADMSG;
        }
        struct text name = {line.at, colon}, value = {colon + 1, line.end};
        trim(&name);
        trim(&value);
        read_field(part, name, value);
    }
    return EBADMSG;
}

/* ---- the parts ------------------------------------------------------------------------------ */

/* The line end before a delimiter belongs to the delimiter. */
static void end_part(struct body_part *part, const char *delimiter)
{
    size_t size = (size_t)(delimiter - part->data);
    size -= size > 0 && part->data[size - 1] == '\n';
    size -= size > 0 && part->data[size - 1] == '\r';
    part->size = size;
}

int multipart_read(const char *body, size_t size, const char *boundary,
                   struct body_part parts[BODY_PARTS_MAX], unsigned *countp)
{
    struct text text = {body, body + size}, line;
    unsigned count = 0;
    bool is_last;

    while (next_line(&text, &line)) {
        if (!is_delimiter(line, boundary, &is_last)) {
            continue;
        }
        if (count > 0) {
            end_part(&parts[count - 1], line.at);
        }
        if (is_last) {
            *countp = count;
            return count > 0 ? 0 : EBADMSG;
        }
        if (count == BODY_PARTS_MAX) {
            return E2BIG;
        }
        parts[count] = (struct body_part){.size = 0};
        if (read_header(&text, &parts[count])) {
            return EBADMSG;
        }
        parts[count++].data = text.at;
    }
    return EBADMSG;
}
