#include "core/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

size_t text_printable(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80) {
        return bytes[0] >= 0x20 && bytes[0] != 0x7f ? 1 : 0;
    }
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_c1 = bytes[0] == 0xc2 && bytes[1] < 0xa0;
    bool is_overlong =
        (bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xf0 && bytes[1] < 0x90);
    bool is_surrogate = bytes[0] == 0xed && bytes[1] >= 0xa0;
    bool is_beyond = bytes[0] == 0xf4 && bytes[1] >= 0x90;
    return is_c1 || is_overlong || is_surrogate || is_beyond ? 0 : length;
}

size_t text_mark(const char *text, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t size = sizeof mark - 1;
    return length >= size && memcmp(text, mark, size) == 0 ? size : 0;
}

unsigned char text_harmless(unsigned char before, unsigned char byte)
{
    if (before == 0xc2 && byte >= 0x80 && byte <= 0x9f) {
        return 0xbf; /* an inverted question mark */
    }
    return byte < 0x20 || byte == 0x7f ? '?' : byte;
}

static uint32_t code_point(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | (bytes[i] & 0x3f);
    }
    return point;
}

/* Blanks, and what shows nothing or turns the direction of writing (Unicode's
 * Default_Ignorable_Code_Point, White_Space, and the blank Braille pattern). */
static bool is_invisible(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x20, 0x20},       {0xa0, 0xa0},       {0xad, 0xad},     {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x115f, 0x1160},   {0x1680, 0x1680}, {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x2000, 0x200f},   {0x2028, 0x202f}, {0x205f, 0x206f},
        {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

bool text_is_conference_name(const char *name)
{
    size_t length = 0;
    while (name[length]) {
        size_t step = text_printable(name + length);
        if (step == 0 || strchr("@:;?/<>\"\\", name[length]) ||
            is_invisible(code_point(name + length, step))) {
            return false;
        }
        length += step;
    }
    return length > 0 && length <= CONFERENCE_NAME_MAX;
}

static bool needs_no_escape(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte && strchr("-_.!~*'()&=+$,;?/", byte));
}

void text_escape_user(char *escaped, size_t size, const char *user)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t length = 0;
    for (; *user && length + 4 <= size; user++) {
        unsigned char byte = (unsigned char)*user;
        if (needs_no_escape(byte)) {
            escaped[length++] = (char)byte;
        } else {
            escaped[length++] = '%';
            escaped[length++] = hex[byte >> 4];
            escaped[length++] = hex[byte & 15];
        }
    }
    escaped[length] = '\0';
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

int text_escaped_byte(const char *text)
{
    if (text[0] != '%' || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0) {
        return -1;
    }
    return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

bool text_seconds(const char *text, double *secondsp)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *rest;
    double number = strtod(text, &rest);
    /* strtod knows blanks, signs, hexadecimal, inf and nan; we do not. */
    if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") != (size_t)(rest - text)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(rest, units[i].name) == 0) {
            *secondsp = number * units[i].seconds;
            return true;
        }
    }
    return false;
}

void text_time(int64_t ms, char text[TEXT_TIME])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, TEXT_TIME, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, TEXT_TIME - length, ".%03uZ", (unsigned)(ms % 1000));
}

void text_mos(char *text, size_t size, float mos)
{
    (void)snprintf(text, size, mos > 0 ? "%.1f" : "-", (double)mos);
}

unsigned text_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > TEXT_DISTANCE_MAX || b_length > TEXT_DISTANCE_MAX) {
        return TEXT_DISTANCE_MAX;
    }
    unsigned row[TEXT_DISTANCE_MAX + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = diagonal + 1 < best ? diagonal + 1 : best;
        }
    }
    return row[b_length];
}
