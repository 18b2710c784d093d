/*
 * XML as data, for who compares it: an element is an object of its attributes and its elements, by
 * their names with "_" for "-"; one with neither is what it says.
 * Users are found by their entity (RFC 4575 §5.6); what may come several times is a list.
 */
#include "simulate/private.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

enum { XML_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };

static const char *const lists[] = {"endpoint", "media", "entry", "dialog", "note"};

/* What is a number, or true or false; all else is a text, whatever it says. */
static const char *const numbers[] = {"version", "user-count", "maximum-user-count"};
static const char *const switches[] = {"active", "locked"};

static json_t *element(const xmlNode *node);

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    while (count > 0 && strcmp(name, names[count - 1]) != 0)
        count--;
    return count > 0;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof *(names))

/* To be freed; NULL: out of memory. */
static char *key_of(const char *name)
{
    char *key = strdup(name);

    for (char *at = key; at && *at; at++)
        *at = *at == '-' ? '_' : *at;
    return key;
}

static void set(json_t *object, const char *name, json_t *value)
{
    bool is_list = IS_ONE_OF(name, lists);
    char *key = key_of(name);

    if (!key)
        json_decref(value); /* out of memory: it is not there, like what jansson cannot set */
    else if (is_list && json_is_array(json_object_get(object, key)))
        (void)json_array_append_new(json_object_get(object, key), value);
    else
        (void)json_object_set_new(object, key, is_list ? json_pack("[o]", value) : value);
    free(key);
}

static json_t *plain(const char *name, const char *text)
{
    if (IS_ONE_OF(name, numbers))
        return json_integer(strtoll(text, NULL, 10));
    if (IS_ONE_OF(name, switches))
        return json_boolean(strcmp(text, "true") == 0);
    return json_string(text);
}

static json_t *content(const xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    json_t *value = text ? plain((const char *)node->name, (const char *)text) : NULL;

    xmlFree(text);
    return value;
}

static void set_child(json_t *object, const xmlNode *child)
{
    xmlChar *entity = xmlGetProp((xmlNode *)child, (const xmlChar *)"entity");
    bool is_user = entity && strcmp((const char *)child->name, "user") == 0;

    if (is_user)
        (void)json_object_set_new(object, (const char *)entity, element(child));
    else
        set(object, (const char *)child->name, element(child));
    xmlFree(entity);
}

static json_t *element(const xmlNode *node)
{
    json_t *object;

    if (!node->properties && !xmlFirstElementChild((xmlNode *)node))
        return content(node);
    object = json_object();
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
        set(object, (const char *)attribute->name, content((const xmlNode *)attribute));
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            set_child(object, child);
    }
    return object;
}

json_t *sight_of(const struct body *document)
{
    xmlDoc *doc = xmlReadMemory(document->data, (int)document->size, NULL, NULL, XML_OPTIONS);
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    json_t *json = root ? element(root) : NULL;

    xmlFreeDoc(doc);
    return json;
}
