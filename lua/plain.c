/*
 * Plain data as bytes, so that it outlives the Lua state that made it.
 *
 *   form  := version value
 *   value := 'F' | 'T' | 'i' varint (zigzag) | 'd' 8 bytes (IEEE 754, least first)
 *          | 's' varint (length) bytes | '{' (key value)* '}'
 */
#include "lua/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLAIN_VERSION = 1,
    PLAIN_DEPTH = 32, /* tables in tables */
    VARINT_MAX = 10,  /* bytes */
};

struct writer {
    lua_State *L;
    unsigned char *bytes;
    size_t size, room, limit;
    struct plain_error *error;
    const void *tables[PLAIN_DEPTH]; /* on the way from the root, to find cycles */
    unsigned depth;
};

static int refuse(struct writer *writer, int error, const char *what)
{
    (void)snprintf(writer->error->what, sizeof writer->error->what, "%s", what);
    return error;
}

static int write_bytes(struct writer *writer, const void *bytes, size_t size)
{
    if (writer->limit - writer->size < size)
        return refuse(writer, E2BIG, "too large");
    if (writer->room - writer->size < size) {
        size_t room = writer->room * 2 + size + 64;
        unsigned char *grown = realloc(writer->bytes, room);
        if (!grown)
            return refuse(writer, ENOMEM, "out of memory");
        writer->bytes = grown;
        writer->room = room;
    }
    memcpy(writer->bytes + writer->size, bytes, size);
    writer->size += size;
    return 0;
}

static int write_tagged_varint(struct writer *writer, char tag, uint64_t value)
{
    unsigned char bytes[1 + VARINT_MAX];
    size_t size = 0;

    bytes[size++] = (unsigned char)tag;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (unsigned char)(value | 0x80);
    bytes[size++] = (unsigned char)value;
    return write_bytes(writer, bytes, size);
}

static int write_number(struct writer *writer, int index)
{
    unsigned char bytes[9] = {'d'};
    lua_Number number;
    uint64_t bits;

    if (lua_isinteger(writer->L, index)) {
        bits = (uint64_t)lua_tointeger(writer->L, index);
        return write_tagged_varint(writer, 'i', (bits << 1) ^ (0 - (bits >> 63)));
    }
    number = lua_tonumber(writer->L, index);
    memcpy(&bits, &number, sizeof bits);
    for (unsigned i = 0; i < 8; i++)
        bytes[1 + i] = (unsigned char)(bits >> (8 * i));
    return write_bytes(writer, bytes, sizeof bytes);
}

static int write_string(struct writer *writer, int index)
{
    size_t length;
    const char *text = lua_tolstring(writer->L, index, &length);
    int error = write_tagged_varint(writer, 's', length);

    return error ? error : write_bytes(writer, text, length);
}

/* Puts the key at `index` before the path of an error that was met below it. */
static void path_add(struct writer *writer, int index)
{
    char longer[sizeof writer->error->path + 64];

    if (lua_type(writer->L, index) == LUA_TSTRING)
        (void)snprintf(longer, sizeof longer, ".%.40s%s", lua_tostring(writer->L, index),
                       writer->error->path);
    else if (lua_isinteger(writer->L, index))
        (void)snprintf(longer, sizeof longer, "[%lld]%s",
                       (long long)lua_tointeger(writer->L, index), writer->error->path);
    else
        (void)snprintf(longer, sizeof longer, "[%g]%s", lua_tonumber(writer->L, index),
                       writer->error->path);
    longer[sizeof writer->error->path - 1] = '\0';
    memcpy(writer->error->path, longer, sizeof writer->error->path);
}

static int write_value(struct writer *writer, int index);

/* With key and value on top of the stack. */
static int write_entry(struct writer *writer)
{
    int key = lua_gettop(writer->L) - 1;
    int error;

    switch (lua_type(writer->L, key)) {
    case LUA_TSTRING:
        error = write_string(writer, key);
        break;
    case LUA_TNUMBER:
        error = write_number(writer, key);
        break;
    default:
        (void)snprintf(writer->error->what, sizeof writer->error->what,
                       "a %s cannot be kept as a key; use strings or numbers",
                       luaL_typename(writer->L, key));
        return EINVAL;
    }
    if (!error)
        error = write_value(writer, key + 1);
    if (error)
        path_add(writer, key);
    return error;
}

static int write_table(struct writer *writer, int index)
{
    int error = 0;

    if (lua_getmetatable(writer->L, index)) {
        lua_pop(writer->L, 1);
        return refuse(writer, EINVAL, "a table with a metatable cannot be kept");
    }
    for (unsigned i = 0; i < writer->depth; i++) {
        if (writer->tables[i] == lua_topointer(writer->L, index))
            return refuse(writer, EINVAL, "a table that holds itself cannot be kept");
    }
    if (writer->depth == PLAIN_DEPTH)
        return refuse(writer, EINVAL, "more than 32 tables in each other cannot be kept");
    if (!lua_checkstack(writer->L, 4))
        return refuse(writer, ENOMEM, "out of memory");
    writer->tables[writer->depth++] = lua_topointer(writer->L, index);
    error = write_bytes(writer, "{", 1);
    lua_pushnil(writer->L);
    while (!error && lua_next(writer->L, index)) {
        error = write_entry(writer);
        lua_pop(writer->L, error ? 2 : 1);
    }
    writer->depth--;
    return error ? error : write_bytes(writer, "}", 1);
}

static int write_value(struct writer *writer, int index)
{
    switch (lua_type(writer->L, index)) {
    case LUA_TBOOLEAN:
        return write_bytes(writer, lua_toboolean(writer->L, index) ? "T" : "F", 1);
    case LUA_TNUMBER:
        return write_number(writer, index);
    case LUA_TSTRING:
        return write_string(writer, index);
    case LUA_TTABLE:
        return write_table(writer, index);
    default:
        (void)snprintf(writer->error->what, sizeof writer->error->what, "a %s cannot be kept",
                       luaL_typename(writer->L, index));
        return EINVAL;
    }
}

int plain_encode(lua_State *L, int index, size_t limit, unsigned char **bytesp, size_t *sizep,
                 struct plain_error *error)
{
    struct writer writer = {.L = L, .limit = limit, .error = error};
    unsigned char version = PLAIN_VERSION;
    int top = lua_gettop(L);
    int result;

    memset(error, 0, sizeof *error);
    result = write_bytes(&writer, &version, 1);
    if (!result)
        result = write_value(&writer, lua_absindex(L, index));
    lua_settop(L, top);
    if (result) {
        free(writer.bytes);
        return result;
    }
    *bytesp = writer.bytes;
    *sizep = writer.size;
    return 0;
}

struct reader {
    lua_State *L;
    const unsigned char *at, *end;
    unsigned depth;
};

static bool read_varint(struct reader *reader, uint64_t *valuep)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_MAX && reader->at < reader->end; i++) {
        unsigned char byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *valuep = value;
            return true;
        }
    }
    return false;
}

static bool read_string(struct reader *reader)
{
    uint64_t length;

    if (!read_varint(reader, &length) || length > (uint64_t)(reader->end - reader->at))
        return false;
    lua_pushlstring(reader->L, (const char *)reader->at, (size_t)length);
    reader->at += length;
    return true;
}

static bool read_float(struct reader *reader)
{
    uint64_t bits = 0;
    lua_Number number;

    if (reader->end - reader->at < 8)
        return false;
    for (unsigned i = 0; i < 8; i++)
        bits |= (uint64_t)reader->at[i] << (8 * i);
    memcpy(&number, &bits, sizeof number);
    reader->at += 8;
    lua_pushnumber(reader->L, number);
    return true;
}

static bool read_value(struct reader *reader);

static bool is_key(lua_State *L, int index)
{
    lua_Number number;

    if (lua_type(L, index) == LUA_TSTRING)
        return true;
    number = lua_tonumber(L, index);
    return lua_type(L, index) == LUA_TNUMBER && number == number;
}

static bool read_table(struct reader *reader)
{
    if (reader->depth++ == PLAIN_DEPTH)
        return false;
    luaL_checkstack(reader->L, 4, NULL);
    lua_newtable(reader->L);
    while (reader->at < reader->end && *reader->at != '}') {
        if (!read_value(reader) || !is_key(reader->L, -1) || !read_value(reader))
            return false;
        lua_rawset(reader->L, -3);
    }
    reader->depth--;
    if (reader->at == reader->end)
        return false;
    reader->at++;
    return true;
}

static bool read_value(struct reader *reader)
{
    uint64_t bits;

    if (reader->at == reader->end)
        return false;
    switch (*reader->at++) {
    case 'F':
    case 'T':
        lua_pushboolean(reader->L, reader->at[-1] == 'T');
        return true;
    case 'i':
        if (!read_varint(reader, &bits))
            return false;
        lua_pushinteger(reader->L, (lua_Integer)((bits >> 1) ^ (0 - (bits & 1))));
        return true;
    case 'd':
        return read_float(reader);
    case 's':
        return read_string(reader);
    case '{':
        return read_table(reader);
    default:
        return false;
    }
}

int plain_decode(lua_State *L, const unsigned char *bytes, size_t size)
{
    struct reader reader = {.L = L, .at = bytes + 1, .end = bytes + size};
    int top = lua_gettop(L);

    if (size < 1 || bytes[0] != PLAIN_VERSION)
        return EINVAL;
    if (read_value(&reader) && reader.at == reader.end)
        return 0;
    lua_settop(L, top);
    return EINVAL;
}
