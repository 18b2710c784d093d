#include "core/text.h"

#include <stdbool.h>
#include <string.h>

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

/* U+200B–U+200F, U+2028–U+202E, U+2060–U+206F, U+FEFF. */
static bool is_invisible(const unsigned char *bytes)
{
    if (bytes[0] == 0xe2 && bytes[1] == 0x80) {
        return (bytes[2] >= 0x8b && bytes[2] <= 0x8f) || (bytes[2] >= 0xa8 && bytes[2] <= 0xae);
    }
    return (bytes[0] == 0xe2 && bytes[1] == 0x81 && bytes[2] >= 0xa0 && bytes[2] <= 0xaf) ||
           (bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf);
}

bool text_is_conference_name(const char *name)
{
    size_t length = 0;
    while (name[length]) {
        size_t step = text_printable(name + length);
        if (step == 0 || strchr(" @:;?/<>\"\\", name[length]) ||
            is_invisible((const unsigned char *)name + length)) {
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
