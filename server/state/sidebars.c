/*
 * The sidebars of a conference in its documents (RFC 4575 §5.9): by reference, for who subscribes
 * to them, or by value, with all who are in them.
 *
 * Their URIs are spelled as the conference's is, which is another one for each face; what is
 * written for all of them has a mark in place of what stands before and behind the name.
 */
#include "state/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Control characters are in no document, whatever a phone has written. */
#define BEFORE_NAME '\001'
#define BEHIND_NAME '\002'

enum { NAME_SIZE = CONFERENCE_NAME_MAX + 3 }; /* marks and NUL included */

static enum sidebar_shown shown_as(const struct conference *sidebar, enum edition_kind kind)
{
    enum sidebar_shown shown = sidebar_shown(sidebar);

    return kind == EDITION_MODERATOR && shown == SIDEBAR_HIDDEN ? SIDEBAR_BY_REF : shown;
}

static const char *title_of(const struct conference *sidebar)
{
    const char *title = conference_title(sidebar);

    return *title ? title : conference_name(sidebar);
}

/* ---- by reference --------------------------------------------------------------------------- */

static void write_reference(struct xml *xml, const struct conference *sidebar)
{
    char uri[NAME_SIZE];

    (void)snprintf(uri, sizeof uri, "%c%s%c", BEFORE_NAME, conference_name(sidebar), BEHIND_NAME);
    xml_open(xml, "entry");
    xml_open(xml, "uri");
    xml_raw(xml, uri);
    xml_close(xml);
    xml_element(xml, "display-text", title_of(sidebar));
    xml_close(xml);
}

char *sidebars_write_references(const struct watched *watched, enum edition_kind kind)
{
    const struct conference *conference = watched_conference(watched), *sidebar = NULL;
    unsigned count = 0;
    struct xml xml;

    xml_start(&xml);
    while ((sidebar = conference_next_sidebar(conference, sidebar))) {
        if (shown_as(sidebar, kind) != SIDEBAR_BY_REF)
            continue;
        if (count++ == 0)
            xml_open(&xml, "sidebars-by-ref");
        write_reference(&xml, sidebar);
    }
    if (count)
        xml_close(&xml);
    return xml_finish(&xml);
}

/* ---- by value ------------------------------------------------------------------------------- */

static void write_users(struct xml *xml, struct watched *inner, enum edition_kind kind)
{
    bool is_shown;
    char *text;

    xml_open(xml, "users");
    for (struct user *user = inner->users; user; user = user->hh.next) {
        text = conference_write_user(inner, user, kind, &is_shown);
        if (text)
            xml_raw(xml, text);
        free(text);
    }
    xml_close(xml);
}

/* What there is of it now; who has left is told of to its own subscribers. NULL: out of memory. */
static char *write_value(const struct watched *watched, const struct conference *sidebar,
                         enum edition_kind kind)
{
    struct watched inner = {
        .state = watched->state,
        .id = conference_id(sidebar),
        .name = (char *)conference_name(sidebar),
    };
    char open[NAME_SIZE + 40];
    char *state;
    struct xml xml;

    xml_start(&xml);
    if (roster_load(&inner))
        xml.has_failed = true;
    (void)snprintf(open, sizeof open, "<entry entity=\"%c%s%c\" state=\"full\">", BEFORE_NAME,
                   conference_name(sidebar), BEHIND_NAME);
    xml_raw(&xml, open);
    xml_open(&xml, "conference-description");
    xml_element(&xml, "display-text", title_of(sidebar));
    xml_close(&xml);
    state = conference_write_state(&inner, kind);
    if (state)
        xml_raw(&xml, state);
    free(state);
    write_users(&xml, &inner, kind);
    xml_raw(&xml, "</entry>");
    roster_free(&inner);
    return xml_finish(&xml);
}

static struct value *find_value(struct edition *edition, uint64_t id)
{
    struct value *value = edition->values;

    while (value && value->sidebar != id)
        value = value->next;
    return value;
}

static void free_value(struct edition *edition, struct value *value)
{
    LL_DELETE(edition->values, value);
    free(value->text);
    free(value);
}

/* Without memory it stays as it was shown. */
static void take_value(struct edition *edition, const struct conference *sidebar,
                       xmlBufferPtr changes)
{
    struct value *value = find_value(edition, conference_id(sidebar));
    char *text = write_value(edition->watched, sidebar, edition->kind);

    if (text && !value && (value = calloc(1, sizeof *value))) {
        value->sidebar = conference_id(sidebar);
        (void)snprintf(value->name, sizeof value->name, "%s", conference_name(sidebar));
        LL_APPEND(edition->values, value);
    }
    if (!text || !value || (value->text && strcmp(value->text, text) == 0)) {
        free(text);
        return;
    }
    free(value->text);
    value->text = text;
    (void)xmlBufferAdd(changes, BAD_CAST text, -1);
}

static bool is_there(const struct conference *conference, uint64_t id)
{
    const struct conference *sidebar = NULL;

    while ((sidebar = conference_next_sidebar(conference, sidebar))) {
        if (conference_id(sidebar) == id)
            return true;
    }
    return false;
}

static void take_gone(struct edition *edition, xmlBufferPtr changes)
{
    const struct conference *conference = watched_conference(edition->watched);
    struct value *value, *next;
    char text[NAME_SIZE + 40];

    LL_FOREACH_SAFE(edition->values, value, next)
    {
        if (is_there(conference, value->sidebar))
            continue;
        (void)snprintf(text, sizeof text, "<entry entity=\"%c%s%c\" state=\"deleted\"/>",
                       BEFORE_NAME, value->name, BEHIND_NAME);
        (void)xmlBufferAdd(changes, BAD_CAST text, -1);
        free_value(edition, value);
    }
}

void sidebars_take_values(struct edition *edition, xmlBufferPtr changes)
{
    const struct conference *sidebar = NULL;

    while ((sidebar = conference_next_sidebar(watched_conference(edition->watched), sidebar))) {
        if (shown_as(sidebar, edition->kind) == SIDEBAR_BY_VAL)
            take_value(edition, sidebar, changes);
    }
    take_gone(edition, changes);
}

void sidebars_close(struct edition *edition)
{
    while (edition->values)
        free_value(edition, edition->values);
}

/* ---- the URIs of a face --------------------------------------------------------------------- */

void sidebars_spell(xmlBufferPtr buffer, const char *text, const char *entity)
{
    const char marks[] = {BEFORE_NAME, BEHIND_NAME, '\0'};
    size_t scheme = strcspn(entity, ":") + 1;
    const char *host = strchr(entity, '@');

    for (size_t length; *text; text += length) {
        length = strcspn(text, marks);
        (void)xmlBufferAdd(buffer, BAD_CAST text, (int)length);
        if (text[length] == BEFORE_NAME)
            (void)xmlBufferAdd(buffer, BAD_CAST entity, (int)scheme);
        else if (text[length] == BEHIND_NAME && host)
            xml_append_uri(buffer, host);
        length += text[length] != '\0';
    }
}
