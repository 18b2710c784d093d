#include "doctor/picture.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { XML_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };

static bool wrong(struct picture *picture, const char *format, const char *about)
{
    snprintf(picture->wrong, sizeof picture->wrong, format, about);
    return false;
}

static bool has_state(const xmlNode *element, const char *state)
{
    const char *given = element_attribute(element, "state");
    return strcmp(given ? given : "full", state) == 0;
}

/* ---- §4.6 ----------------------------------------------------------------------------------- */

/* The element of `parent` that is the same one, by name and key. */
static xmlNode *find_same(const xmlNode *parent, const xmlNode *element)
{
    const char *key = element_key(element);
    for (xmlNode *child = element_first(parent); child; child = element_next(child)) {
        const char *other = element_key(child);
        if (element_is(child, (const char *)element->name) &&
            (key && other ? strcmp(key, other) == 0 : key == other)) {
            return child;
        }
    }
    return NULL;
}

static void apply(xmlNode *parent, xmlNode *element)
{
    xmlNode *old = find_same(parent, element);
    if (has_state(element, "partial") && old) {
        for (xmlNode *child = element_first(element); child; child = element_next(child)) {
            apply(old, child);
        }
        return;
    }
    xmlNode *copy = has_state(element, "deleted") ? NULL : xmlDocCopyNode(element, parent->doc, 1);
    if (copy && old) {
        xmlAddNextSibling(old, copy);
    } else if (copy) {
        xmlAddChild(parent, copy);
    }
    if (old) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
}

/* ---- documents ------------------------------------------------------------------------------ */

static bool take_partial(struct picture *picture, xmlDoc *doc, uint32_t version)
{
    char versions[64];
    if (!picture->doc) {
        return wrong(picture, "the first document is partial%s", "");
    }
    if (version != picture->version + 1) {
        snprintf(versions, sizeof versions, "%u after %u", version, picture->version);
        return wrong(picture, "a partial document has version %s", versions);
    }
    xmlNode *root = xmlDocGetRootElement(picture->doc);
    for (xmlNode *child = element_first(xmlDocGetRootElement(doc)); child;
         child = element_next(child)) {
        apply(root, child);
    }
    picture->version = version;
    return true;
}

static bool take_full(struct picture *picture, xmlDoc *doc, uint32_t version)
{
    bool has_description = false, has_users = false;
    const xmlNode *root = xmlDocGetRootElement(doc);
    for (const xmlNode *child = element_first(root); child; child = element_next(child)) {
        has_description = has_description || element_is(child, "conference-description");
        has_users = has_users || element_is(child, "users");
    }
    if (!has_description || !has_users) {
        return wrong(picture, "a full document without <%s>",
                     has_users ? "conference-description" : "users");
    }
    xmlFreeDoc(picture->doc);
    picture->doc = xmlCopyDoc(doc, 1);
    picture->version = version;
    return picture->doc != NULL;
}

static bool take_document(struct picture *picture, xmlDoc *doc)
{
    const xmlNode *root = xmlDocGetRootElement(doc);
    char reason[200];
    if (!root || !element_is(root, "conference-info")) {
        return wrong(picture, "the document's root is not conference-info%s", "");
    }
    if (!document_check(root, reason, sizeof reason)) {
        return wrong(picture, "the document is not valid: %s", reason);
    }
    const char *number = element_attribute(root, "version");
    char *rest = NULL;
    unsigned long version = number ? strtoul(number, &rest, 10) : 0;
    if (!number || rest == number || *rest || version > UINT32_MAX) {
        return wrong(picture, "the document has version \"%s\"", number ? number : "");
    }
    picture->documents++;
    picture->is_deleted = has_state(root, "deleted");
    picture->is_partial = has_state(root, "partial");
    if (picture->is_deleted || (picture->doc && version <= picture->version)) {
        return true; /* of the old ones nothing is read */
    }
    return picture->is_partial ? take_partial(picture, doc, (uint32_t)version)
                               : take_full(picture, doc, (uint32_t)version);
}

bool picture_take(struct picture *picture, const sip_t *notify)
{
    const sip_payload_t *payload = notify->sip_payload;
    const sip_content_type_t *type = notify->sip_content_type;
    if (!payload || payload->pl_len == 0) {
        return true;
    }
    if (!type || !su_casematch(type->c_type, "application/conference-info+xml")) {
        return wrong(picture, "a NOTIFY of the type %s", type ? type->c_type : "(none)");
    }
    xmlDoc *doc = xmlReadMemory(payload->pl_data, (int)payload->pl_len, NULL, NULL, XML_OPTIONS);
    if (!doc) {
        return wrong(picture, "the document is not well-formed XML%s", "");
    }
    bool is_taken = take_document(picture, doc);
    xmlFreeDoc(doc);
    return is_taken;
}

void picture_free(struct picture *picture)
{
    xmlFreeDoc(picture->doc);
    picture->doc = NULL;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool is_compared(const xmlAttr *attribute)
{
    return strcmp((const char *)attribute->name, "state") != 0 &&
           strcmp((const char *)attribute->name, "version") != 0;
}

static bool has_attributes_of(const xmlNode *one, const xmlNode *other)
{
    for (const xmlAttr *attribute = one->properties; attribute; attribute = attribute->next) {
        const char *name = (const char *)attribute->name;
        const char *value = element_attribute(one, name), *its = element_attribute(other, name);
        if (is_compared(attribute) && (!its || strcmp(value ? value : "", its) != 0)) {
            return false;
        }
    }
    return true;
}

static bool has_same_text(const xmlNode *one, const xmlNode *other)
{
    xmlChar *a = xmlNodeGetContent(one), *b = xmlNodeGetContent(other);
    bool is_same = a && b && xmlStrcmp(a, b) == 0;
    xmlFree(a);
    xmlFree(b);
    return is_same;
}

/* Whether all of `one` is in `other`, where the order of siblings does not matter. */
static bool is_within(const xmlNode *one, const xmlNode *other)
{
    if (xmlStrcmp(one->name, other->name) != 0 || !has_attributes_of(one, other)) {
        return false;
    }
    if (!element_first(one) && !element_first(other)) {
        return has_same_text(one, other);
    }
    for (const xmlNode *child = element_first(one); child; child = element_next(child)) {
        const xmlNode *match = element_first(other);
        while (match && !is_within(child, match)) {
            match = element_next(match);
        }
        if (!match) {
            return false;
        }
    }
    return true;
}

bool picture_is_equal(const struct picture *one, const struct picture *other)
{
    const xmlNode *a = one->doc ? xmlDocGetRootElement(one->doc) : NULL;
    const xmlNode *b = other->doc ? xmlDocGetRootElement(other->doc) : NULL;
    return a && b && is_within(a, b) && is_within(b, a);
}

/* ---- asking --------------------------------------------------------------------------------- */

static xmlNode *child_named(const xmlNode *parent, const char *name, size_t length)
{
    for (xmlNode *child = element_first(parent); child; child = element_next(child)) {
        if (strlen((const char *)child->name) == length &&
            strncmp((const char *)child->name, name, length) == 0) {
            return child;
        }
    }
    return NULL;
}

static const xmlNode *users_of(const struct picture *picture)
{
    const xmlNode *root = picture->doc ? xmlDocGetRootElement(picture->doc) : NULL;
    return root ? child_named(root, "users", 5) : NULL;
}

/* URIs as documents and Contacts have them: what follows the address may differ. */
static bool is_uri(const char *entity, const char *uri)
{
    size_t length = strcspn(uri, ";?");
    return entity && strncmp(entity, uri, length) == 0 && strchr(";?", entity[length]);
}

static bool has_endpoint(const xmlNode *user, const char *uri)
{
    for (const xmlNode *child = element_first(user); child; child = element_next(child)) {
        if (element_is(child, "endpoint") && is_uri(element_key(child), uri)) {
            return true;
        }
    }
    return false;
}

xmlNode *picture_user(const struct picture *picture, const char *uri)
{
    const xmlNode *users = users_of(picture);
    for (xmlNode *user = users ? element_first(users) : NULL; user; user = element_next(user)) {
        if (element_is(user, "user") &&
            (is_uri(element_key(user), uri) || has_endpoint(user, uri))) {
            return user;
        }
    }
    return NULL;
}

xmlNode *picture_endpoint(const struct picture *picture, const char *uri)
{
    const xmlNode *user = picture_user(picture, uri);
    xmlNode *found = NULL;
    for (xmlNode *child = user ? element_first(user) : NULL; child; child = element_next(child)) {
        if (element_is(child, "endpoint")) {
            const char *status = picture_text(child, "status");
            bool is_there = status && strcmp(status, "disconnected") != 0;
            found = is_there || !found ? child : found;
        }
    }
    return found;
}

unsigned picture_endpoints(const struct picture *picture, const char *uri)
{
    const xmlNode *user = picture_user(picture, uri);
    unsigned count = 0;
    for (const xmlNode *child = user ? element_first(user) : NULL; child;
         child = element_next(child)) {
        const char *status = element_is(child, "endpoint") ? picture_text(child, "status") : NULL;
        count += status && strcmp(status, "connected") == 0;
    }
    return count;
}

const char *picture_text(const xmlNode *element, const char *path)
{
    while (element && *path) {
        size_t length = strcspn(path, "/");
        element = child_named(element, path, length);
        path += length + (path[length] == '/');
    }
    const xmlNode *text = element ? element->children : NULL;
    return text && text->type == XML_TEXT_NODE ? (const char *)text->content : NULL;
}

const char *picture_entity(const struct picture *picture)
{
    return picture->doc ? element_attribute(xmlDocGetRootElement(picture->doc), "entity") : NULL;
}
