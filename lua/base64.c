/* base64.encode and base64.decode (RFC 4648 §4; the alphabet of §5 is read, too). */
#include "lua/budget.h"
#include "lua/contexts.h"
#include "lua/libraries.h"

#include <string.h>

enum { BYTES_AN_INSTRUCTION = 8, NONE = 64 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* base64.encode(text) */
static int base64_encode(lua_State *L)
{
    size_t length;
    const unsigned char *bytes = (const unsigned char *)luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;
    char *text;

    if (length > STRING_LIMIT / 4 * 3)
        return luaL_error(L, "base64.encode: the result would be longer than 256 KiB");
    budget_charge(L, length / BYTES_AN_INSTRUCTION);
    text = luaL_buffinitsize(L, &buffer, (length + 2) / 3 * 4);
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);

        *text++ = alphabet[group >> 18];
        *text++ = alphabet[group >> 12 & 63];
        *text++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *text++ = left > 2 ? alphabet[group & 63] : '=';
    }
    luaL_pushresultsize(&buffer, (length + 2) / 3 * 4);
    return 1;
}

static unsigned value_of(char character)
{
    const char *found = strchr(alphabet, character);

    if (character != '\0' && found)
        return (unsigned)(found - alphabet);
    return character == '-' ? 62 : character == '_' ? 63 : NONE;
}

/* Without the padding, which may be left out (RFC 4648 §3.2). */
static size_t unpadded(const char *text, size_t length)
{
    if (length == 0 || length % 4 != 0 || text[length - 1] != '=')
        return length;
    return length - 1 - (text[length - 2] == '=');
}

static int refused(lua_State *L, size_t position)
{
    lua_pushnil(L);
    lua_pushfstring(L, "byte %d is not base64", (int)position + 1);
    return 2;
}

/* base64.decode(text): the bytes; or nil and what is wrong */
static int base64_decode(lua_State *L)
{
    size_t given;
    const char *text = luaL_checklstring(L, 1, &given);
    size_t length = unpadded(text, given), size = 0;
    luaL_Buffer buffer;
    unsigned bits = 0, count = 0;
    char *bytes;

    budget_charge(L, length / BYTES_AN_INSTRUCTION);
    if (length % 4 == 1)
        return refused(L, length - 1);
    bytes = luaL_buffinitsize(L, &buffer, length / 4 * 3 + 3);
    for (size_t i = 0; i < length; i++) {
        unsigned value = value_of(text[i]);

        if (value == NONE)
            return refused(L, i);
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[size++] = (char)(bits >> count);
        }
    }
    luaL_pushresultsize(&buffer, size);
    return 1;
}

void base64_open(lua_State *L)
{
    static const struct script_function functions[] = {
        {"encode", base64_encode, ANYWHERE}, {"decode", base64_decode, ANYWHERE}, {NULL, NULL, 0}};

    lua_newtable(L);
    functions_set(L, "base64", ".", functions);
}
