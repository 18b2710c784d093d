#include "state/private.h"

#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 1024 }; /* bytes of one text; what is longer is cut */

void xml_start(struct xml *xml)
{
    xml->buffer = xmlBufferCreate();
    xml->writer = xml->buffer ? xmlNewTextWriterMemory(xml->buffer, 0) : NULL;
    xml->has_failed = !xml->writer;
}

static void check(struct xml *xml, int result)
{
    if (result < 0)
        xml->has_failed = true;
}

void xml_open(struct xml *xml, const char *name)
{
    if (!xml->has_failed)
        check(xml, xmlTextWriterStartElement(xml->writer, BAD_CAST name));
}

void xml_close(struct xml *xml)
{
    if (!xml->has_failed)
        check(xml, xmlTextWriterEndElement(xml->writer));
}

/* The end of what may stand in a document: U+FFFE and U+FFFF are no characters (XML 1.0 §2.2). */
static bool is_noncharacter(const char *text, size_t length)
{
    return length == 3 && memcmp(text, "\xef\xbf", 2) == 0 && (unsigned char)text[2] >= 0xbe;
}

/* Much of what is written comes from phones. */
static const char *clean(const char *text, char copy[TEXT_SIZE])
{
    size_t length = 0, step;

    while (*text && length + 4 < TEXT_SIZE) {
        step = text_printable(text);
        if (step == 0 || is_noncharacter(text, step)) {
            copy[length++] = '?';
            text += step ? step : 1;
        } else {
            memcpy(copy + length, text, step);
            length += step;
            text += step;
        }
    }
    copy[length] = '\0';
    return copy;
}

/* RFC 3986 §2: what is neither reserved nor unreserved is escaped. */
static const char *clean_uri(const char *uri, char copy[TEXT_SIZE])
{
    size_t length = 0;

    for (; *uri && length + 4 < TEXT_SIZE; uri++) {
        unsigned char byte = (unsigned char)*uri;
        bool is_escape =
            byte == '%' && isxdigit((unsigned char)uri[1]) && isxdigit((unsigned char)uri[2]);
        if (is_escape || (byte < 0x80 && isalnum(byte)) || strchr("-._~:/?[]@!$&'()*+,;=", byte))
            copy[length++] = (char)byte;
        else
            length += (size_t)snprintf(copy + length, TEXT_SIZE - length, "%%%02X", byte);
    }
    copy[length] = '\0';
    return copy;
}

static void write_attribute(struct xml *xml, const char *name, const char *value)
{
    if (!xml->has_failed)
        check(xml, xmlTextWriterWriteAttribute(xml->writer, BAD_CAST name, BAD_CAST value));
}

void xml_attribute(struct xml *xml, const char *name, const char *value)
{
    char copy[TEXT_SIZE];

    write_attribute(xml, name, clean(value, copy));
}

void xml_number(struct xml *xml, const char *name, unsigned value)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", value);
    write_attribute(xml, name, text);
}

void xml_uri_attribute(struct xml *xml, const char *name, const char *uri)
{
    char copy[TEXT_SIZE];

    write_attribute(xml, name, clean_uri(uri, copy));
}

void xml_text(struct xml *xml, const char *text)
{
    char copy[TEXT_SIZE];

    if (!xml->has_failed)
        check(xml, xmlTextWriterWriteString(xml->writer, BAD_CAST clean(text, copy)));
}

void xml_raw(struct xml *xml, const char *elements)
{
    if (!xml->has_failed)
        check(xml, xmlTextWriterWriteRaw(xml->writer, BAD_CAST elements));
}

void xml_element(struct xml *xml, const char *name, const char *text)
{
    xml_open(xml, name);
    xml_text(xml, text);
    xml_close(xml);
}

void xml_append_uri(xmlBufferPtr buffer, const char *uri)
{
    char copy[TEXT_SIZE];

    for (const char *p = clean_uri(uri, copy); *p; p++)
        (void)xmlBufferAdd(buffer, BAD_CAST(*p == '&' ? "&amp;" : p), *p == '&' ? -1 : 1);
}

void xml_uri_element(struct xml *xml, const char *name, const char *uri)
{
    char copy[TEXT_SIZE];

    xml_element(xml, name, clean_uri(uri, copy));
}

void xml_time_element(struct xml *xml, const char *name, time_t time)
{
    char text[32];
    struct tm utc;

    if (gmtime_r(&time, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc))
        xml_element(xml, name, text);
}

char *xml_finish(struct xml *xml)
{
    char *text = NULL;

    if (xml->writer) {
        check(xml, xmlTextWriterFlush(xml->writer));
        xmlFreeTextWriter(xml->writer);
    }
    if (!xml->has_failed)
        text = strdup((const char *)xmlBufferContent(xml->buffer));
    if (xml->buffer)
        xmlBufferFree(xml->buffer);
    return text;
}
