#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/participant.h"

#include "core/id.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

/* ---- what is linked ------------------------------------------------------------------------- */

static bool is_link(const struct participant *participant)
{
    return participant->joined && !participant->left && !participant->main &&
           participant->info.cascade && *participant->info.cascade;
}

/* Whether two lists of ids, with blanks between them, have one in common. */
static bool have_common(const char *one, const char *other)
{
    char id[CASCADE_ID + 1];

    for (; *one; one += strspn(one, " ")) {
        (void)snprintf(id, sizeof id, "%s", one);
        if (strstr(other, id))
            return true;
        one += strcspn(one, " ");
    }
    return false;
}

/* Conferences that come with it. */
static unsigned count_of(const struct participant *link)
{
    return (unsigned)(strlen(link->info.cascade) + 1) / (CASCADE_ID + 1);
}

static void ensure_id(struct conference *conference)
{
    if (!*conference->cascade_id)
        id_random(conference->cascade_id, sizeof conference->cascade_id);
}

const char *cascade_objection(const struct conference *conference, const struct call_info *info,
                              const struct participant *link)
{
    static const char loop[] = "Linked With This Conference Already";
    const struct participant *other;
    size_t length;

    if (!info->cascade || !*info->cascade)
        return NULL;
    if (*conference->cascade_id && have_common(conference->cascade_id, info->cascade))
        return loop;
    length = CASCADE_ID + 1 + strlen(info->cascade);
    for (other = conference->members; other; other = other->next) {
        if (other == link || !is_link(other))
            continue;
        if (have_common(other->info.cascade, info->cascade))
            return loop;
        length += 1 + strlen(other->info.cascade);
    }
    return length < CASCADE_TEXT ? NULL : "Too Many Conferences Linked";
}

const char *cascade_tell(struct conference *conference, const struct participant *link)
{
    const struct participant *other;
    char *text = conference->cascade;
    size_t length;

    if (conference->hides_focus)
        return "";
    ensure_id(conference);
    length = (size_t)snprintf(text, CASCADE_TEXT, "%s", conference->cascade_id);
    for (other = conference->members; other; other = other->next) {
        if (other != link && is_link(other) && length < CASCADE_TEXT)
            length +=
                (size_t)snprintf(text + length, CASCADE_TEXT - length, " %s", other->info.cascade);
    }
    return text;
}

void cascade_changed(struct participant *link)
{
    struct conference *conference = link->conference;
    const char *objection = is_link(link) ? cascade_objection(conference, &link->info, link) : NULL;
    struct participant *other;

    if (objection) {
        log_write(LOG_LEVEL_WARN, conference->name, link->info.id, "%s goes again: %s",
                  link->info.caller.uri, objection);
        participant_remove(link, BOOTED, 482, objection);
        conference_end_if_over(conference);
        return;
    }
    if (is_link(link))
        log_write(LOG_LEVEL_INFO, conference->name, link->info.id,
                  "%s is a focus: %u conference%s with it", link->info.caller.uri, count_of(link),
                  count_of(link) == 1 ? " comes" : "s come");
    for (other = conference->members; other; other = other->next) {
        if (other != link && is_link(other))
            participant_refresh(other);
    }
}
