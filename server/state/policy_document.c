/*
 * A conference's policy as a document of our own, tests/schema/conference-policy.xsd: who decides
 * about what, and who may what when nobody does (RFC 4353 §4.4, which leaves the format open).
 */
#include "state/private.h"

#include "focus/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool decides(const json_t *policy, const char *verb)
{
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(policy, "verbs"), i, name)
    {
        if (strcmp(json_string_value(name), verb) == 0)
            return true;
    }
    return false;
}

static const char *name_of(const json_t *policy)
{
    return json_string_value(json_object_get(policy, "name"));
}

static void write_policies(struct xml *xml, const json_t *policies)
{
    const json_t *policy, *value;
    const char *name;
    size_t i;

    xml_open(xml, "policies");
    json_array_foreach(policies, i, policy)
    {
        xml_open(xml, "policy");
        xml_attribute(xml, "name", name_of(policy));
        json_object_foreach(json_object_get(policy, "options"), name, value)
        {
            xml_open(xml, "option");
            xml_attribute(xml, "name", name);
            xml_text(xml, json_string_value(value));
            xml_close(xml);
        }
        xml_close(xml);
    }
    xml_close(xml);
}

/* Who decides, in the order in which they are asked, and who may when none of them does. */
static void write_rights(struct xml *xml, const json_t *policies)
{
    const json_t *policy;
    size_t i;

    xml_open(xml, "rights");
    for (enum verb verb = 0; verb < VERB_COUNT; verb++) {
        xml_open(xml, "right");
        xml_attribute(xml, "verb", verb_name(verb));
        xml_attribute(xml, "default", verb_right_name(verb));
        json_array_foreach(policies, i, policy)
        {
            if (decides(policy, verb_name(verb)))
                xml_element(xml, "decided-by", name_of(policy));
        }
        xml_close(xml);
    }
    xml_close(xml);
}

static void write_media(struct xml *xml, const struct conference *conference)
{
    xml_open(xml, "media");
    xml_element(xml, "direction", stream_direction_name(conference_direction(conference)));
    if (*conference_codecs(conference))
        xml_element(xml, "codecs", conference_codecs(conference));
    xml_close(xml);
}

static void write_number(struct xml *xml, const char *name, unsigned number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", number);
    xml_element(xml, name, text);
}

/* Who waits for a decision is for those who decide. */
static unsigned count_pending(const struct conference *conference)
{
    const struct pending *pending = NULL;
    unsigned count = 0;

    while ((pending = conference_next_pending(conference, pending)))
        count++;
    return count;
}

char *policy_write(const struct watched *watched, enum edition_kind kind)
{
    const struct conference *conference = watched_conference(watched);
    json_t *policies = focus_describe_policies(watched->state->focus, conference);
    struct xml xml;

    xml_start(&xml);
    xml_element(&xml, "title", conference_title(conference));
    xml_element(&xml, "locked", conference_is_locked(conference) ? "true" : "false");
    if (conference_capacity(conference))
        write_number(&xml, "maximum-user-count", conference_capacity(conference));
    if (kind == EDITION_POLICY_MODERATOR)
        write_number(&xml, "pending-count", count_pending(conference));
    write_policies(&xml, policies);
    write_rights(&xml, policies);
    write_media(&xml, conference);
    json_decref(policies);
    return xml_finish(&xml);
}

char *policy_write_head(const char *entity, const char *state, unsigned version)
{
    struct xml xml;

    xml_start(&xml);
    xml_raw(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml_open(&xml, "conference-policy");
    xml_attribute(&xml, "xmlns", POLICY_NAMESPACE);
    xml_uri_attribute(&xml, "entity", entity);
    xml_attribute(&xml, "state", state);
    xml_number(&xml, "version", version);
    xml_text(&xml, "");
    return xml_finish(&xml);
}
