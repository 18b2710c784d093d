#include "sip_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Takes one line off `rest`, without its end. False when nothing is left. */
static bool line_next(struct slice *rest, struct slice *linep)
{
    const char *end;

    if (rest->size == 0)
        return false;
    end = memchr(rest->at, '\n', rest->size);
    linep->at = rest->at;
    linep->size = end != NULL ? (size_t)(end - rest->at) : rest->size;
    rest->size -= linep->size + (end != NULL);
    rest->at += linep->size + (end != NULL);
    if (linep->size > 0 && linep->at[linep->size - 1] == '\r')
        linep->size--;
    return true;
}

static struct slice slice_trim(struct slice slice)
{
    while (slice.size > 0 && isspace((unsigned char)slice.at[0])) {
        slice.at++;
        slice.size--;
    }
    while (slice.size > 0 && isspace((unsigned char)slice.at[slice.size - 1]))
        slice.size--;
    return slice;
}

bool slice_is(struct slice slice, const char *text)
{
    return slice.size == strlen(text) && memcmp(slice.at, text, slice.size) == 0;
}

/* A number at the start of `slice`, of at most 9 digits. */
static bool slice_number(struct slice slice, unsigned *numberp, size_t *digitsp)
{
    unsigned number = 0;
    size_t i;

    for (i = 0; i < slice.size && i < 9 && isdigit((unsigned char)slice.at[i]); i++)
        number = number * 10 + (unsigned)(slice.at[i] - '0');
    *numberp = number;
    *digitsp = i;
    return i > 0;
}

bool sip_header(const struct sip_message *message, const char *name, char compact, unsigned nth,
                struct slice *valuep)
{
    struct slice rest = message->head, line;

    while (line_next(&rest, &line)) {
        const char *colon = memchr(line.at, ':', line.size);
        struct slice key;

        if (colon == NULL)
            continue;
        key = slice_trim((struct slice){line.at, (size_t)(colon - line.at)});
        if (!(key.size == strlen(name) && strncasecmp(key.at, name, key.size) == 0) &&
            !(compact != 0 && key.size == 1 && tolower((unsigned char)key.at[0]) == compact))
            continue;
        if (nth-- > 0)
            continue;
        *valuep = slice_trim((struct slice){colon + 1, line.size - (size_t)(colon + 1 - line.at)});
        return true;
    }
    return false;
}

static bool start_line_parse(struct sip_message *message, struct slice line)
{
    const char *space;
    size_t digits;

    if (line.size >= 12 && memcmp(line.at, "SIP/2.0 ", 8) == 0)
        return slice_number((struct slice){line.at + 8, 3}, &message->status, &digits) &&
               digits == 3;
    space = memchr(line.at, ' ', line.size);
    if (space == NULL || line.size < 8 || memcmp(line.at + line.size - 8, " SIP/2.0", 8) != 0)
        return false;
    message->is_request = true;
    message->method = (struct slice){line.at, (size_t)(space - line.at)};
    return true;
}

bool sip_parse(struct sip_message *message, const char *data, size_t size)
{
    const char *blank = memmem(data, size, "\r\n\r\n", 4);
    struct slice line, cseq;
    size_t digits;

    *message = (struct sip_message){.all = {data, size}, .head = {data, size}};
    if (blank != NULL) {
        message->head.size = (size_t)(blank + 2 - data);
        message->body = (struct slice){blank + 4, size - message->head.size - 2};
    }
    if (!line_next(&message->head, &line) || !start_line_parse(message, line))
        return false;
    if (!sip_header(message, "Call-ID", 'i', 0, &message->call_id) ||
        !sip_header(message, "CSeq", 0, 0, &cseq) || !slice_number(cseq, &message->cseq, &digits))
        return false;
    if (!message->is_request)
        message->method = slice_trim((struct slice){cseq.at + digits, cseq.size - digits});
    return true;
}

bool sip_uri(struct slice value, struct slice *urip)
{
    const char *open = memchr(value.at, '<', value.size), *close;

    if (open == NULL) {
        close = memchr(value.at, ';', value.size);
        urip->at = value.at;
        urip->size = close != NULL ? (size_t)(close - value.at) : value.size;
        return urip->size > 0;
    }
    open++;
    close = memchr(open, '>', value.size - (size_t)(open - value.at));
    if (close == NULL)
        return false;
    *urip = (struct slice){open, (size_t)(close - open)};
    return urip->size > 0;
}

/* Adds what fits whole. False: it does not. */
__attribute__((format(printf, 4, 5))) static bool text_add(char *text, size_t size, size_t *usedp,
                                                           const char *format, ...)
{
    va_list args;
    int count;

    va_start(args, format);
    count = vsnprintf(text + *usedp, size - *usedp, format, args);
    va_end(args);
    if (count < 0 || (size_t)count >= size - *usedp)
        return false;
    *usedp += (size_t)count;
    return true;
}

size_t sip_reply_write(const struct sip_message *request, const char *status, const char *tag,
                       const char *rest, char *text, size_t size)
{
    static const struct {
        const char *name;
        char compact;
    } copied[] = {{"From", 'f'}, {"To", 't'}, {"Call-ID", 'i'}, {"CSeq", 0}};
    struct slice value;
    size_t used = 0;
    bool fits = text_add(text, size, &used, "SIP/2.0 %s\r\n", status);

    for (unsigned nth = 0; sip_header(request, "Via", 'v', nth, &value); nth++)
        fits = fits && text_add(text, size, &used, "Via: %.*s\r\n", (int)value.size, value.at);
    for (unsigned i = 0; i < 4; i++) {
        bool tagged = tag != NULL && copied[i].compact == 't';

        fits = fits && sip_header(request, copied[i].name, copied[i].compact, 0, &value) &&
               text_add(text, size, &used, "%s: %.*s%s%s\r\n", copied[i].name, (int)value.size,
                        value.at, tagged ? ";tag=" : "", tagged ? tag : "");
    }
    fits = fits && text_add(text, size, &used, "%s", rest);
    return fits ? used : 0;
}

/* "c=IN IP4 127.0.0.1" */
static bool connection_parse(struct slice line, struct sockaddr_storage *addressp)
{
    char text[128], ip[64];

    if (line.size >= sizeof(text))
        return false;
    memcpy(text, line.at, line.size);
    text[line.size] = '\0';
    return sscanf(text, "c=IN IP%*1[46] %63[0-9a-fA-F:.]", ip) == 1 && address_parse(ip, addressp);
}

bool sdp_audio_address(struct slice sdp, struct sockaddr_storage *addressp)
{
    struct slice line;
    unsigned port = 0;
    bool has_address = false, in_audio = false;
    size_t digits;

    while (line_next(&sdp, &line)) {
        if (line.size < 2)
            continue;
        if (memcmp(line.at, "m=", 2) == 0) {
            if (in_audio)
                break;
            in_audio = line.size > 8 && memcmp(line.at, "m=audio ", 8) == 0;
            if (in_audio &&
                !slice_number((struct slice){line.at + 8, line.size - 8}, &port, &digits))
                return false;
        } else if (memcmp(line.at, "c=", 2) == 0 && (in_audio || !has_address)) {
            has_address = connection_parse(line, addressp);
        }
    }
    if (!in_audio || !has_address || port == 0 || port > 65535)
        return false;
    address_set_port(addressp, (uint16_t)port);
    return true;
}

bool address_parse(const char *text, struct sockaddr_storage *addressp)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)addressp;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addressp;
    char ip[64];
    const char *colon = strchr(text, ':'), *close = strchr(text, ']'), *port = NULL;
    size_t size = strlen(text);
    char *end = NULL;
    unsigned long number = 0;

    if (text[0] == '[' && close != NULL) {
        size = (size_t)(close - text - 1);
        port = close[1] == ':' ? close + 2 : NULL;
        if (close[1] != '\0' && port == NULL)
            return false;
        text++;
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        size = (size_t)(colon - text);
        port = colon + 1;
    }
    if (size == 0 || size >= sizeof(ip))
        return false;
    memcpy(ip, text, size);
    ip[size] = '\0';
    if (port != NULL) {
        number = strtoul(port, &end, 10);
        if (end == port || *end != '\0' || number > 65535)
            return false;
    }
    memset(addressp, 0, sizeof(*addressp));
    if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
    else
        return false;
    address_set_port(addressp, (uint16_t)number);
    return true;
}

void address_ip(const struct sockaddr_storage *address, char *text, size_t size)
{
    const void *ip = address->ss_family == AF_INET6
                         ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                         : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

    if (inet_ntop(address->ss_family, ip, text, (socklen_t)size) == NULL)
        (void)snprintf(text, size, "?");
}

uint16_t address_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

void address_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons(port);
}

socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}
