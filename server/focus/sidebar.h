/*
 * Inside the focus: conferences within a conference, and participants who come into one from its
 * parent by the call that they have. Focus thread.
 */
#ifndef FOCUS_SIDEBAR_H
#define FOCUS_SIDEBAR_H

#include "focus/request.h"

struct participant;

/* sidebar.c */
/* The effect of an accepted wish; errors as focus_submit, with decision->code. `target` NULL: a new
 * sidebar. */
int sidebar(struct conference *conference, struct participant *target,
            const struct request *request, struct decision *decision);
/* The conference goes: its sidebars, too. */
void sidebars_end(struct conference *conference, int code, const char *reason);
/* A sidebar has a bus of its parent's mix, instead of a mix. ENOSR: none is left. */
int sidebar_activate(struct conference *sidebar);
void sidebar_deactivate(struct conference *sidebar);

/* aside.c */
/* Brings a participant of the parent in, or asks it. Errors as invite. `request` may also be an
 * invite, which asks. */
int aside_take(struct conference *sidebar, struct participant *main,
               const struct request_params *params, const struct request *request,
               struct decision *decision);
/* Whom an invite to a sidebar names, who is in its parent and has not to be called; NULL: nobody.
 */
struct participant *aside_find(const struct conference *sidebar, const char *uri);
/* `aside` has come in, not only by another call than before. */
void aside_enter(struct participant *aside, bool is_new);
/* It goes: whose call it has is all in the parent again. `was_in`: it had come in. */
void aside_leave(struct participant *aside, bool was_in, bool is_replaced);
/* Who goes on by another call does so in the sidebar. */
void aside_hand_over(struct participant *participant, struct participant *predecessor);

#endif
