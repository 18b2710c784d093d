/*
 * Documents of the conference package, as RFC 4575 §5 describes and §6 defines them.
 *
 * The schema has sequences: which elements may stand in another is a list, in which they keep their
 * order. Elements of other namespaces may be anywhere after them.
 */
#include "doctor/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACE "urn:ietf:params:xml:ns:conference-info"

struct rule {
    const char *parent, *name;
    const char *children; /* in order; NULL: it has text */
    const char *needs;    /* the attribute or child that must be there */
    const char *values;   /* of its text; NULL: any */
};

static const struct rule rules[] = {
    {NULL, "conference-info",
     " conference-description host-info conference-state users sidebars-by-ref sidebars-by-val ",
     "@entity", NULL},
    {"conference-info", "conference-description",
     " display-text subject free-text keywords conf-uris service-uris maximum-user-count "
     "available-media ",
     NULL, NULL},
    {"conference-info", "host-info", " display-text web-page uris ", NULL, NULL},
    {"conference-info", "conference-state", " user-count active locked ", NULL, NULL},
    {"conference-info", "users", " user ", NULL, NULL},
    {"conference-info", "sidebars-by-ref", " entry ", NULL, NULL},
    {"conf-uris", "entry", " uri display-text purpose modified ", "uri", NULL},
    {"service-uris", "entry", " uri display-text purpose modified ", "uri", NULL},
    {"available-media", "entry", " display-text type status ", "@label", NULL},
    {"conference-state", "active", NULL, NULL, " true false 1 0 "},
    {"conference-state", "locked", NULL, NULL, " true false 1 0 "},
    {"users", "user", " display-text associated-aors roles languages cascaded-focus endpoint ",
     "@entity", NULL},
    {"user", "roles", " entry ", NULL, NULL},
    {"user", "endpoint",
     " display-text referred status joining-method joining-info disconnection-method "
     "disconnection-info media call-info ",
     "@entity", NULL},
    {"endpoint", "referred", " when reason by ", NULL, NULL},
    {"endpoint", "joining-info", " when reason by ", NULL, NULL},
    {"endpoint", "disconnection-info", " when reason by ", NULL, NULL},
    {"endpoint", "status", NULL, NULL,
     " pending dialing-out dialing-in alerting on-hold connected muted-via-focus disconnecting "
     "disconnected "},
    {"endpoint", "joining-method", NULL, NULL, " dialed-in dialed-out focus-owner "},
    {"endpoint", "disconnection-method", NULL, NULL, " departed booted failed busy "},
    {"endpoint", "media", " display-text type label src-id status ", "@id", NULL},
    {"media", "status", NULL, NULL, " recvonly sendonly sendrecv inactive "},
    {"endpoint", "call-info", " sip ", NULL, NULL},
    {"call-info", "sip", " display-text call-id from-tag to-tag ", "call-id", NULL},
};

/* ---- elements ------------------------------------------------------------------------------- */

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

bool element_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns &&
           strcmp((const char *)node->ns->href, NAMESPACE) == 0 && strcmp(name_of(node), name) == 0;
}

static xmlNode *element_from(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

xmlNode *element_first(const xmlNode *parent)
{
    return element_from(parent->children);
}

xmlNode *element_next(const xmlNode *element)
{
    return element_from(element->next);
}

const char *element_attribute(const xmlNode *element, const char *name)
{
    const xmlAttr *attribute = xmlHasProp(element, (const xmlChar *)name);
    const xmlNode *text = attribute ? attribute->children : NULL;
    return text && text->content ? (const char *)text->content : NULL;
}

const char *element_key(const xmlNode *element)
{
    return element_attribute(element, element_is(element, "media") ? "id" : "entity");
}

/* ---- the check ------------------------------------------------------------------------------ */

static bool is_ours(const xmlNode *node)
{
    return node->ns && strcmp((const char *)node->ns->href, NAMESPACE) == 0;
}

static const struct rule *rule_of(const xmlNode *element)
{
    const xmlNode *parent = element->parent;
    bool is_root = !parent || parent->type != XML_ELEMENT_NODE;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i].name, name_of(element)) == 0 &&
            (is_root ? !rules[i].parent
                     : rules[i].parent && strcmp(rules[i].parent, name_of(parent)) == 0)) {
            return &rules[i];
        }
    }
    return NULL;
}

/* Where the word stands in a list " one two "; NULL: nowhere. */
static const char *place_in(const char *list, const char *word)
{
    char padded[80];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded);
}

static bool has(const xmlNode *element, const char *needed)
{
    if (*needed == '@') {
        const char *value = element_attribute(element, needed + 1);
        return value && *value;
    }
    for (const xmlNode *child = element_first(element); child; child = element_next(child)) {
        if (element_is(child, needed)) {
            return true;
        }
    }
    return false;
}

/* §4.4: full, partial or deleted; in what is full everything is full. */
static bool check_state(const xmlNode *element, char *wrong, size_t size)
{
    const char *state = element_attribute(element, "state");
    const char *above = element->parent && element->parent->type == XML_ELEMENT_NODE
                            ? element_attribute(element->parent, "state")
                            : "partial";
    if (state && !place_in(" full partial deleted ", state)) {
        snprintf(wrong, size, "<%s state=\"%s\">", name_of(element), state);
        return false;
    }
    if (state && strcmp(state, "full") != 0 && strcmp(above ? above : "full", "full") == 0) {
        snprintf(wrong, size, "<%s> is %s in a <%s> that is full", name_of(element), state,
                 name_of(element->parent));
        return false;
    }
    return true;
}

static bool check_children(const xmlNode *element, const struct rule *rule, char *wrong,
                           size_t size)
{
    const char *last = rule->children;
    for (const xmlNode *child = element_first(element); child; child = element_next(child)) {
        const char *place = is_ours(child) ? place_in(rule->children, name_of(child)) : NULL;
        if (is_ours(child) && !place) {
            snprintf(wrong, size, "<%s> in <%s>", name_of(child), name_of(element));
            return false;
        }
        if (place && place < last) {
            snprintf(wrong, size, "<%s> in <%s> stands too late", name_of(child), name_of(element));
            return false;
        }
        last = place ? place : last;
        const char *key = element_key(child);
        for (const xmlNode *next = key ? element_next(child) : NULL; next;
             next = element_next(next)) {
            const char *other = element_key(next);
            if (other && strcmp(other, key) == 0) {
                snprintf(wrong, size, "two <%s> \"%s\"", name_of(child), key);
                return false;
            }
        }
        if (is_ours(child) && !document_check(child, wrong, size)) {
            return false;
        }
    }
    return true;
}

static bool check_text(const xmlNode *element, const char *values, char *wrong, size_t size)
{
    xmlChar *text = xmlNodeGetContent(element);
    bool is_right = text && place_in(values, (const char *)text);
    if (!is_right) {
        snprintf(wrong, size, "<%s>%.40s</%s>", name_of(element), text ? (const char *)text : "",
                 name_of(element));
    }
    xmlFree(text);
    return is_right;
}

bool document_check(const xmlNode *root, char *wrong, size_t size)
{
    const struct rule *rule = rule_of(root);
    const char *state = element_attribute(root, "state");
    if (!check_state(root, wrong, size)) {
        return false;
    }
    if (rule && rule->needs && !has(root, rule->needs)) {
        snprintf(wrong, size, "<%s> without %s", name_of(root), rule->needs);
        return false;
    }
    if (rule && rule->values) {
        return check_text(root, rule->values, wrong, size);
    }
    /* §4.4: what is below something deleted counts for nothing. */
    return !rule || !rule->children || (state && strcmp(state, "deleted") == 0) ||
           check_children(root, rule, wrong, size);
}
