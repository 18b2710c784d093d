/*
 * Inside the focus: conferences that are linked with those of other focuses, each of which is a
 * participant of the other's (simplex cascading, RFC 4353 §4.5). Linked conferences are a tree: in
 * a loop everybody would hear their own echo, again and again. Focus thread.
 */
#ifndef FOCUS_CASCADE_H
#define FOCUS_CASCADE_H

#include "ports/signalling.h"

struct conference;
struct participant;

/* What speaks against a link with who calls, or has answered: another one leads there already, or
 * they are too many. NULL: nothing. `link`: as which it is in; NULL: it is not yet. */
const char *cascade_objection(const struct conference *conference, const struct call_info *info,
                              const struct participant *link);
/* What the link is to be told, good until the next call: this conference, and those linked with it
 * by others. "": nothing. */
const char *cascade_tell(struct conference *conference, const struct participant *link);
/* A link has come, gone, or has learned of others: it is told to the other links, or it ends when
 * that has closed a loop. */
void cascade_changed(struct participant *link);
/* A link has stood in the way of a new one. The other server may have died since, and come back:
 * all links are asked whether they are still there, and who is not goes, so that the next attempt
 * succeeds. */
void cascade_verify(struct conference *conference);

#endif
