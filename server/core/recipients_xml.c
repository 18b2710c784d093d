/*
 * Resource lists (RFC 4826 §3.2) with copy control attributes (RFC 5364 §4).
 *
 * They come from the network, so the document is read as a stream of elements: no tree is built,
 * nothing is fetched, and a document type, which is what entities are declared by, ends it.
 */
#include "core/recipients.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define RESOURCE_LISTS "urn:ietf:params:xml:ns:resource-lists"
#define COPY_CONTROL "urn:ietf:params:xml:ns:copycontrol"

enum {
    DEPTH_MAX = 16, /* elements within each other; a flat list has four */
    URI_MAX = 600,  /* bytes */
    NAME_SIZE = 128,
    ELEMENTS_MAX = 8, /* for each recipient that there may be, so that nothing is endless */
};

struct reader {
    xmlParserCtxtPtr parser;
    struct recipients *list;
    unsigned limit, depth, elements;
    int error;
    bool has_root;
    unsigned ignored_at; /* the depth of an element that means nothing to us; 0: none */
    bool is_in_entry, is_in_name;
    char uri[URI_MAX];
    char name[NAME_SIZE];
    size_t name_length;
    struct recipient entry; /* its strings are the two above */
};

/* One of the five values that SAX2 has for an attribute: name, prefix, namespace, value, end. */
struct attribute {
    const xmlChar *name, *prefix, *uri, *value, *end;
};

static void fail(struct reader *reader, int error)
{
    if (!reader->error) {
        reader->error = error;
    }
    xmlStopParser(reader->parser);
}

static bool is_ours(const xmlChar *uri)
{
    return uri && strcmp((const char *)uri, RESOURCE_LISTS) == 0;
}

static bool says(const struct attribute *attribute, const char *name)
{
    return strcmp((const char *)attribute->name, name) == 0;
}

static bool is_value(const struct attribute *attribute, const char *value)
{
    size_t length = (size_t)(attribute->end - attribute->value);
    return strlen(value) == length && memcmp(attribute->value, value, length) == 0;
}

/* RFC 5366 figure 3 spells the namespace with a capital letter. */
static void read_copy_control(struct reader *reader, const struct attribute *attribute)
{
    if (!attribute->uri || strcasecmp((const char *)attribute->uri, COPY_CONTROL) != 0) {
        return;
    }
    if (says(attribute, "copyControl")) {
        reader->entry.copy = is_value(attribute, "to")   ? COPY_TO
                             : is_value(attribute, "cc") ? COPY_CC
                                                         : COPY_BCC;
    } else if (says(attribute, "anonymize")) {
        reader->entry.is_anonymous = is_value(attribute, "true") || is_value(attribute, "1");
    }
}

static void begin_entry(struct reader *reader, const struct attribute *attributes, int count)
{
    reader->is_in_entry = true;
    reader->entry = (struct recipient){.uri = reader->uri, .name = reader->name};
    reader->uri[0] = reader->name[0] = '\0';
    reader->name_length = 0;
    for (int i = 0; i < count; i++) {
        size_t length = (size_t)(attributes[i].end - attributes[i].value);
        if (!attributes[i].uri && says(&attributes[i], "uri")) {
            if (length >= sizeof reader->uri) {
                fail(reader, EBADMSG);
                return;
            }
            memcpy(reader->uri, attributes[i].value, length);
            reader->uri[length] = '\0';
        } else {
            read_copy_control(reader, &attributes[i]);
        }
    }
    if (!reader->uri[0]) {
        fail(reader, EBADMSG);
    }
}

static void open_element(struct reader *reader, const char *name, const struct attribute *values,
                         int count)
{
    if (strcmp(name, "entry") == 0 && !reader->is_in_entry && reader->depth > 2) {
        begin_entry(reader, values, count);
    } else if (strcmp(name, "display-name") == 0) {
        reader->is_in_name = reader->is_in_entry;
    } else if (strcmp(name, "external") == 0 || strcmp(name, "entry-ref") == 0) {
        fail(reader, ENOTSUP);
    } else if (strcmp(name, "list") != 0 || reader->is_in_entry) {
        fail(reader, EBADMSG);
    }
}

static void on_open(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                    int namespace_count, const xmlChar **namespaces, int count, int defaulted,
                    const xmlChar **attributes)
{
    struct reader *reader = arg;

    (void)prefix, (void)namespace_count, (void)namespaces, (void)defaulted;
    if (++reader->depth > DEPTH_MAX ||
        ++reader->elements / ELEMENTS_MAX > (uint64_t)reader->limit + 1) {
        fail(reader, E2BIG);
    } else if (reader->depth == 1) {
        reader->has_root = is_ours(uri) && strcmp((const char *)name, "resource-lists") == 0;
        if (!reader->has_root) {
            fail(reader, EBADMSG);
        }
    } else if (!reader->ignored_at && !is_ours(uri)) {
        reader->ignored_at = reader->depth; /* an extension (RFC 4826 §3.2) */
    } else if (!reader->ignored_at) {
        open_element(reader, (const char *)name, (const struct attribute *)attributes, count);
    }
}

static void end_entry(struct reader *reader)
{
    reader->is_in_entry = false;
    reader->name[reader->name_length] = '\0';
    int error = recipients_add(reader->list, &reader->entry);
    if (error || reader->list->count > reader->limit) {
        fail(reader, error ? error : E2BIG);
    }
}

static void on_close(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct reader *reader = arg;

    (void)prefix, (void)uri;
    if (reader->ignored_at == reader->depth) {
        reader->ignored_at = 0;
    } else if (!reader->ignored_at && reader->is_in_name) {
        reader->is_in_name = false;
    } else if (!reader->ignored_at && strcmp((const char *)name, "entry") == 0) {
        end_entry(reader);
    }
    reader->depth--;
}

static void on_text(void *arg, const xmlChar *text, int length)
{
    struct reader *reader = arg;
    size_t room = sizeof reader->name - 1 - reader->name_length;

    if (reader->is_in_name && !reader->ignored_at && length > 0) {
        size_t taken = (size_t)length < room ? (size_t)length : room;
        memcpy(reader->name + reader->name_length, text, taken);
        reader->name_length += taken;
    }
}

static void on_document_type(void *arg, const xmlChar *name, const xmlChar *id,
                             const xmlChar *system)
{
    (void)name, (void)id, (void)system;
    fail(arg, EBADMSG);
}

int recipients_read_xml(struct recipients *list, const char *data, size_t size, unsigned limit)
{
    struct reader reader = {.list = list, .limit = limit};
    xmlSAXHandler handler = {
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_document_type,
        .startElementNs = on_open,
        .endElementNs = on_close,
        .characters = on_text,
        .cdataBlock = on_text,
    };
    int status;

    if (size > INT32_MAX) {
        return E2BIG;
    }
    reader.parser = xmlCreatePushParserCtxt(&handler, &reader, NULL, 0, NULL);
    if (!reader.parser) {
        return ENOMEM;
    }
    /* NOENT: an &amp; is to be read as &; other entities there are none without document type. */
    xmlCtxtUseOptions(reader.parser,
                      XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    status = xmlParseChunk(reader.parser, data, (int)size, 1);
    if (!reader.error && (status || !reader.parser->wellFormed || !reader.has_root)) {
        reader.error = EBADMSG;
    }
    xmlFreeParserCtxt(reader.parser);
    return reader.error;
}
