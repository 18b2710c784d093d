/*
 * Inside the focus: announcements. Whoever is played the same bus is an audience: what is played to
 * it follows what was asked for before. Focus thread.
 */
#ifndef FOCUS_ANNOUNCE_H
#define FOCUS_ANNOUNCE_H

#include "focus/focus.h"
#include "focus/sound.h"

/* announce.c */
/* Plays what the parameters say to `what` on the bus, after what waits there already; with
 * `interrupt` in its place; "" plays nothing and stops that. `played` is told of each.
 * ENOBUFS: too many wait. */
int announce(const struct playback *what, unsigned bus, const struct request_params *params);
/* The same to all, or to a bus of the mix that has a name. ENXIO: there is none of that name;
 * ENOTCONN: nobody is in to hear it. */
int conference_announce(struct conference *conference, const struct request_params *params);
/* Plays the files to all in place of whatever plays; the conference ends after them. */
void conference_bid_farewell(struct conference *conference, const char *files);
/* It is over. */
void announcement_played(const struct playback *playback, const char *problem);
/* Whether somebody speaks there whom announcements are not to drown. NULL: nobody does. */
bool announcements_are_ducked(const struct conference *conference);
/* The event has been told: somebody may have begun to speak, or ended. */
void announcements_after(struct focus *focus, const struct conference_event *event);
/* The bus is given back, and may soon be somebody else's. */
void announcements_leave_bus(struct conference *conference, unsigned bus);

/* ear.c */
/* Plays to the participant alone. As announce; and ENOSR: the mix has no bus for it. */
int participant_play(struct participant *participant, const struct request_params *params);
bool participant_is_played_to(const struct participant *participant);
/* What played so is over. */
/* Whether it is to one who talks with an application, out of the mix: it waits then. */
bool ear_is_away(const struct playback *playback);
/* Who does so no longer hears what has waited. */
void ear_return(const struct participant *participant);
void ear_played(const struct playback *playback);
/* The participant leaves, and what plays to it ends. */
void ear_leave(struct participant *participant);

#endif
