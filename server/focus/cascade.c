#include "focus/cascade.h"
#include "focus/conference.h"
#include "focus/participant.h"

#include "core/id.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

#define LOOP "Linked With This Conference Already"

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
    const struct participant *other;
    size_t length;

    if (!info->cascade || !*info->cascade)
        return NULL;
    if (*conference->cascade_id && have_common(conference->cascade_id, info->cascade))
        return LOOP;
    length = CASCADE_ID + 1 + strlen(info->cascade);
    for (other = conference->members; other; other = other->next) {
        if (other == link || !is_link(other))
            continue;
        if (have_common(other->info.cascade, info->cascade))
            return LOOP;
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

static void refresh_all_but(const struct participant *link, struct conference *conference)
{
    for (struct participant *other = conference->members; other; other = other->next) {
        if (other != link && is_link(other))
            participant_refresh(other);
    }
}

static void let_go(struct participant *link, const char *objection)
{
    struct conference *conference = link->conference;

    log_write(LOG_LEVEL_WARN, conference->name, link->info.id, "%s goes again: %s",
              link->info.caller.uri, objection);
    participant_remove(link, BOOTED, 482, objection);
    conference_end_if_over(conference);
}

/* Two that have called each other at the same instant would let go of one call each, and be left
 * with none. So both keep that of whose id is the lesser; this is the other one. NULL: there is but
 * one call. */
static struct participant *superfluous_of_two(struct participant *link)
{
    const char *ours = link->conference->cascade_id, *theirs = link->info.cascade;
    struct participant *other;

    for (other = link->conference->members; other; other = other->next) {
        if (is_link(other) && other->info.is_outgoing != link->info.is_outgoing &&
            strncmp(other->info.cascade, theirs, CASCADE_ID) == 0) {
            bool is_ours_kept = strncmp(ours, theirs, CASCADE_ID) < 0;
            return link->info.is_outgoing == is_ours_kept ? other : link;
        }
    }
    return NULL;
}

void cascade_changed(struct participant *link)
{
    struct conference *conference = link->conference;
    struct participant *other = is_link(link) ? superfluous_of_two(link) : NULL;
    const char *objection;

    if (other && other != link)
        let_go(other, LOOP);
    objection = is_link(link) ? cascade_objection(conference, &link->info, link) : NULL;
    if (objection) {
        let_go(link, objection);
        return;
    }
    if (is_link(link))
        log_write(LOG_LEVEL_INFO, conference->name, link->info.id,
                  "%s is a focus: %u conference%s with it", link->info.caller.uri, count_of(link),
                  count_of(link) == 1 ? " comes" : "s come");
    refresh_all_but(link, conference);
}

void cascade_verify(struct conference *conference)
{
    refresh_all_but(NULL, conference);
}
