/*
 * The focus (RFC 4353 §3): the only one who changes conferences.
 *
 * It turns requests into decisions (by the policy), accepted requests into effects (calls, mixer,
 * roster) and effects into events. It knows calls and legs by the tables in ports/ and the
 * policy by focus/policy.h. Everything here runs on the focus thread.
 *
 * Conferences and participants are named by ids that are never used twice; a pointer from
 * *_find is good until the loop's next turn.
 */
#ifndef FOCUS_FOCUS_H
#define FOCUS_FOCUS_H

#include "core/loop.h"
#include "focus/event.h"
#include "focus/journalling.h"
#include "focus/policy.h"
#include "focus/request.h"
#include "ports/mixing.h"
#include "ports/notifying.h"
#include "ports/signalling.h"

#include <jansson.h>
#include <time.h>

struct focus;
struct conference;
struct participant;
struct application;

/* What a conference sounds like unless the policy says otherwise. */
struct sound_config {
    struct leg_voice voice; /* of who joins */
    const char *hold_music; /* a file for who is alone; "" for silence */
    bool shuffle;           /* a folder's files in an order of chance */
    float music_gain;       /* dB */
};

struct focus_config {
    struct loop *loop;
    const char *domain;      /* "": the focus answers for every host name */
    unsigned max_calls;      /* calls at once; more get 503 with Retry-After; 0: no limit */
    unsigned media_timeout;  /* ms without RTP and RTCP until the policy is asked; 0: never */
    unsigned answer_timeout; /* ms that a phone which we call may ring; 0: 60 s */
    /* Whether calls to this name mean somebody else than a conference, an account for instance:
     * no conference gets it as its own. NULL: there are none. */
    bool (*is_taken)(void *arg, const char *name);
    void *is_taken_arg;
};

/* How somebody has left (RFC 4575 §5.7.6). */
enum departure_method {
    DEPARTED, /* hung up */
    BOOTED,   /* was put out */
    FAILED,   /* was lost, or could not be reached */
    BUSY,     /* could be reached, and was busy */
    REPLACED, /* goes on by another call */
};

struct departure {
    enum departure_method method;
    bool with_conference; /* it has ended for all */
    int code;             /* of a Reason header (RFC 3326); 0: none */
    char reason[96];
    time_t when;
};

/* How a conference factory (RFC 4579 §3.2) gives a caller the conference that it makes (§5.4). */
enum factory {
    FACTORY_NONE,      /* it is none, it is a conference */
    FACTORY_ANSWERS,   /* 200: the caller is in it */
    FACTORY_REDIRECTS, /* 302 to it */
};

/* A conference that exists before anybody calls: from the config or a script. Or a factory: what
 * its conferences are like. */
struct conference_config {
    const char *name;
    enum factory factory;
    const char *title; /* "" for none */
    struct session_about about;
    const char *policy; /* the conference's own policies, separated by commas; "" for none */
    unsigned capacity;  /* participants; 0: no limit */
    const struct sound_config *sound; /* NULL: as the server's */
    const char *attendant; /* as of focus_set_attendant; NULL or "": the server's; "none": none */
    const char *language;  /* of prompts; NULL or "": that of the settings */
    struct conference_life life;
    bool hides_focus;  /* nobody is told that it is a conference (RFC 4579 §4.2, §4.3) */
    bool is_generated; /* the name is random, and used for no other conference: once this one is
                          over, calls to it are told so */
    bool is_owned;     /* only who has it made may call others in, change it and end it */
    const json_t
        *options; /* plain data for the policy; NULL for none; borrowed, kept by reference */
    const json_t *places; /* where a file says so, "parley.lua:12", by option, and as "" for its
                             policy; NULL: none does; borrowed, kept by reference */
};

/* EINVAL, ENOMEM. The strings are copied. */
int focus_create(const struct focus_config *config, struct focus **focusp);
/* Connects the focus with the world. Tables and their contexts must outlive the focus. */
void focus_connect(struct focus *focus, const struct signalling *signalling,
                   const struct mixing *mixing, const struct policy *policy);
/* NULL, which is how it begins: there are none. See focus/application.h. */
void focus_connect_applications(struct focus *focus, const struct application *application);
/* Begins one without a caller. ENOENT: there is none of that name; EAGAIN: too many go on; ENOMEM.
 */
int focus_run_application(struct focus *focus, const char *name);
/* NULL, which is how it begins: nothing is kept. It outlives the focus. */
void focus_connect_journal(struct focus *focus, const struct journalling *journalling);
void focus_destroy(struct focus *focus);

/* What signalling and mixer have to call, with the focus as `arg`. */
const struct signalling_events *focus_signalling_events(void);
const struct mixing_events *focus_mixing_events(void);

/* Makes a reserved conference, or changes the one of that name. EINVAL: a name that nobody could
 * call; EBUSY: it is in use, and cannot become a factory; ENOMEM. */
int focus_reserve(struct focus *focus, const struct conference_config *config);
/* The server's, from now on; who is in keeps the voice that he has, and waits with the new music.
 * EINVAL, ENOMEM. */
int focus_set_sound(struct focus *focus, const struct sound_config *config);
/* The application that attends to who comes into a conference, unless that or its policy says
 * otherwise; "": none. From now on. */
void focus_set_attendant(struct focus *focus, const char *name);
/* How long those live that calls create, unless the policy says otherwise; for how many ms one with
 * a generated name waits for who comes first, and answers 410 after its end. From now on. */
void focus_set_life(struct focus *focus, const struct conference_life *life, unsigned patience,
                    unsigned gone);
const struct conference_life *focus_life(const struct focus *focus);
/* No longer reserved: goes when the last participant has left. */
void focus_unreserve(struct focus *focus, const char *name);

/* Who asks when it is Parley itself, or the operator by the command line. */
void actor_of_server(struct actor *actor);
void actor_of_operator(struct actor *actor);
/* The same when it is who calls, or who is in. */
void actor_of_caller(struct actor *actor, const struct caller *caller);
void actor_of_participant(struct actor *actor, const struct participant *participant);

/* A conference that is to be made with a name of its own, which nobody can guess or has (RFC 4579
 * §5.3). */
struct creation {
    struct actor actor;
    const char *factory;                   /* that was called; NULL: none */
    const struct call_info *from;          /* the call that asks; NULL: it is none */
    const struct conference_config *model; /* what it is like, but for its name; NULL: plain */
    const char *creator; /* URI of whose conference it is when it is no caller's own; NULL or "":
                            nobody's */
    unsigned
        digits; /* its name is a number of so many, to be dialled; 0: one that nobody guesses */
};
enum { NUMBER_DIGITS_MOST = 16 };
/* What the conferences of a factory are like; by strings of the factory's. */
void factory_model(const struct conference *factory, struct conference_config *model,
                   struct sound_config *sound);
/* Asks the policy, and makes it. It goes again when nobody has come in or is being called in time
 * (focus_set_life). EPERM: rejected, decision->code and reason say why; EAGAIN: there are too many;
 * ENOMEM.
 */
int focus_make_conference(struct focus *focus, const struct creation *creation,
                          struct decision *decision, struct conference **conferencep);

/* Asks the policy and carries out what it accepts: all verbs but create, join, replace and
 * subscribe. *decision says what was decided. 0: done; EPERM: rejected; ENOENT: the conference is
 * gone, or the target is not in it (any more); EINVAL: a verb that only signalling can bring
 * (create, join, replace, subscribe). What was accepted may fail all the same, and changes nothing
 * then: an invite by EALREADY, when who is called is in already (decision->participant), and by
 * ECANCELED for any other reason, mute, hold and volume by ECANCELED for want of memory, hold also
 * when the call cannot be changed, media for a codec that there is not; decision->code and reason
 * say why. */
int focus_submit(struct focus *focus, const struct request *request, struct decision *decision);
/* Why something could not be done, by an error of this folder's functions, in plain words that
 * stay, and the SIP status that says about the same. */
const char *focus_failure(int error, int *codep);

/* What that policy decides about it, of which nothing is done, or kept. `policy` NULL: what is
 * decided when nobody has an opinion. */
void focus_ask(const struct request *request, const struct policy *policy,
               struct decision *decision);

/* Has the policy asked again, by the verb join, about all who are in and were not called: from the
 * loop's next turn on. `actor`: who wants it. ENOENT: the conference is gone; ENOMEM. */
int focus_recheck(struct conference *conference, const struct actor *actor);
/* The scripts that decide about it are new ones: the event reloaded is told. */
void conference_reloaded(struct conference *conference);
/* The same for all. */
void focus_reloaded(struct focus *focus);

/* Asks the policy whether somebody may be told what happens in a conference, by the event package
 * of this name. Accepted: *conferencep is the conference, *participantp the participant who asks
 * (0: none), and *viewp what may be seen; unless *pendingp is not 0, the id of what has to be
 * decided first (pending.h). Otherwise `subscriber` says why not. `pendingp` NULL: it was accepted
 * once, and goes on as it is if it would have to wait now, which is false and a code of 200. */
bool focus_subscribe(struct focus *focus, struct subscriber *subscriber, const char *package,
                     struct conference **conferencep, uint64_t *participantp, enum view *viewp,
                     uint64_t *pendingp);

/* Asks the policy whether `actor` may see who is in, as if they subscribed to it now. 0: *viewp is
 * what they may see of it. EPERM: `decision` says why not, which may be that somebody would have to
 * decide. */
int conference_look(struct conference *conference, const struct actor *actor, enum view *viewp,
                    struct decision *decision);

/* Ends all calls, and calls `done` when the last one is gone or `ms` have passed. New calls get
 * 503 from now on. */
void focus_shutdown(struct focus *focus, unsigned ms, void (*done)(void *arg), void *arg);

/* One more listener to every event, besides the policy. At most 8. */
int focus_listen(struct focus *focus, void (*handler)(const struct conference_event *, void *arg),
                 void *arg);

/* ---- reading -------------------------------------------------------------------------------- */

struct conference *focus_conference(struct focus *focus, uint64_t id);
struct conference *focus_conference_by_name(struct focus *focus, const char *name);
/* The first one for NULL; NULL after the last one. In order of creation. */
struct conference *focus_next_conference(struct focus *focus, const struct conference *after);
unsigned focus_call_count(const struct focus *focus);

/* Media threads that cannot keep up, so that new calls get 503. */
struct focus_overload {
    unsigned threads;     /* 0: none */
    time_t since;         /* when the first of them began; 0: never yet */
    uint64_t turned_away; /* calls, since the server began */
};
void focus_overload(const struct focus *focus, struct focus_overload *overload);

uint64_t conference_id(const struct conference *conference);
const char *conference_name(const struct conference *conference);
const char *conference_title(const struct conference *conference);
/* That prompts are said in to all, and to who comes in unless something else is said; "": that of
 * the settings. */
const char *conference_language(const struct conference *conference);
const struct session_about *conference_about(const struct conference *conference);
/* As in struct conference_config. */
const char *conference_policy(const struct conference *conference);
/* Who decides about it, see focus/policy.h: a new reference; NULL: nothing is known. */
json_t *focus_describe_policies(const struct focus *focus, const struct conference *conference);
const json_t *conference_options(const struct conference *conference);
const json_t *conference_places(const struct conference *conference);
unsigned conference_capacity(const struct conference *conference);
bool conference_is_locked(const struct conference *conference);
/* The file to which it is recorded; "": it is not. */
const char *conference_recording(const struct conference *conference);
bool conference_recording_is_paused(const struct conference *conference);
/* Whether it is the one way to write that name: "a//b.wav" and "./b.wav" are not. */
bool recording_name_is_plain(const char *file);
/* Of the streams towards its participants, unless they are on hold. */
enum stream_direction conference_direction(const struct conference *conference);
/* They are to be asked anew: something has changed that no event tells. */
void conference_arrange(struct conference *conference);
/* Names of the codecs that it offers, best first, separated by blanks; "": all. */
const char *conference_codecs(const struct conference *conference);
bool conference_is_reserved(const struct conference *conference);
/* It goes on, or somebody waits for a decision in it. */
bool conference_is_in_use(const struct conference *conference);
enum factory conference_factory(const struct conference *conference);
time_t conference_created_at(const struct conference *conference);
const struct conference_life *conference_life(const struct conference *conference);
/* When its time will be over; 0: it has as much as it wants, or does not run. */
time_t conference_ends_at(const struct conference *conference);
/* The participant with whom it ends; 0: none, or not in (any more). */
uint64_t conference_creator(const struct conference *conference);
/* Whose sidebar it is (framework 5.6); NULL: it is none. */
struct conference *conference_parent(const struct conference *conference);
/* Its sidebars. The first one for NULL; NULL after the last one. */
struct conference *conference_next_sidebar(const struct conference *conference,
                                           const struct conference *after);
/* How a sidebar is shown. */
enum sidebar_shown sidebar_shown(const struct conference *conference);
/* dB: how loud those who come into a sidebar hear its parent, unless they are let in otherwise. */
float sidebar_background(const struct conference *conference);
/* What somebody of the parent comes into a sidebar with, unless the asker or the policy says
 * otherwise. */
void sidebar_wish_entry(const struct conference *sidebar, const struct participant *main,
                        struct request_params *params);
/* What whoever comes in begins with, unless an invite or the policy says otherwise: what is done to
 * its voice (agc, denoise, vad), and who attends to it. */
void conference_wish_entry(const struct conference *conference, struct request_params *params);
/* Everybody the policy let in, also those whose ACK is still on its way (participant_has_joined),
 * so that two callers at the same moment do not both find an empty room; but nobody who is still
 * being called. */
unsigned conference_participant_count(const struct conference *conference);
/* Those, and those who are being called. The first one for NULL; in order of joining. */
struct participant *conference_next_participant(const struct conference *conference,
                                                const struct participant *after);

/* Also finds somebody who has just left, while the left event is told. */
struct participant *focus_participant(struct focus *focus, uint64_t id);

uint64_t participant_id(const struct participant *participant);
struct conference *participant_conference(const struct participant *participant);
/* Who comes from the parent into a sidebar is a participant of each, with one call: of the one in
 * the sidebar, who it is in the parent; NULL: it has come by a call of its own. */
struct participant *participant_main(const struct participant *participant);
/* The other way round; NULL: in no sidebar. It may still be asked (participant_has_joined). */
struct participant *participant_aside(const struct participant *participant);
/* dB; in a sidebar: how loud it hears the parent. */
float participant_background(const struct participant *participant);
/* The identity and the call as they were at the INVITE. */
const struct call_info *participant_call(const struct participant *participant);
const char *participant_role(const struct participant *participant);
/* The name that it was given, else the one that its phone says; "": none. */
const char *participant_display_name(const struct participant *participant);
/* The same as everybody may see it: of who wants no name shown only one that it was given. */
const char *participant_shown_name(const struct participant *participant);
/* Only the one that it was given; "": none. */
const char *participant_given_name(const struct participant *participant);
/* A file that says who it is; "": none does. Of a sidebar's, as in the parent. */
const char *participant_spoken_name(const struct participant *participant);
/* That prompts are said in to it, "de"; "": that of the settings. Of a sidebar's, as in the parent.
 */
const char *participant_language(const struct participant *participant);
bool participant_has_floor(const struct participant *participant);
/* False: it only listens, whether it is muted or not. */
bool participant_may_speak(const struct participant *participant);
bool participant_is_muted(const struct participant *participant);
bool participant_is_held(const struct participant *participant);
bool participant_is_speaking(const struct participant *participant);
/* Shown to moderators only. */
bool participant_is_hidden(const struct participant *participant);
/* Its number among those of the conference whose name is shown to nobody (RFC 3323), the same for
 * the whole stay; 0: its name is shown. */
unsigned participant_anonymous(const struct participant *participant);
/* The stream as negotiated, as seen from here. */
enum stream_direction participant_direction(const struct participant *participant);
/* URI of who has caused it to come in (RFC 4575 §5.7.5), or has put it out (§5.7.7); "": nobody but
 * itself or the server, or somebody whom not everybody may know. */
const char *participant_brought_by(const struct participant *participant);
const char *participant_removed_by(const struct participant *participant);
/* The same as its phone sees it: "sendrecv", "sendonly", "recvonly", "inactive"; "none": it has no
 * stream (yet). */
const char *participant_media(const struct participant *participant);
/* Only while the event left or failed is told. */
const struct departure *participant_departure(const struct participant *participant);
const struct leg_voice *participant_voice(const struct participant *participant);
/* dB */
float participant_speaks(const struct participant *participant);
float participant_hears(const struct participant *participant);
/* As RFC 4575 §5.6.3 names it: "dialing-in", "dialing-out", "alerting", "connected", "on-hold",
 * "muted-via-focus", "disconnected". */
const char *participant_status(const struct participant *participant);
/* By us, and it has not answered yet. */
bool participant_is_called(const struct participant *participant);
/* And its phone rings. */
bool participant_is_alerting(const struct participant *participant);
/* Id of the visitor as which its application knows it (focus/visitor.h); 0: it has none. */
uint64_t participant_visitor(const struct participant *participant);
/* True from the ACK on, and false again once it left. */
bool participant_has_joined(const struct participant *participant);
time_t participant_joined_at(const struct participant *participant);
/* When its call began. */
time_t participant_made_at(const struct participant *participant);
void participant_stats(const struct participant *participant, struct leg_stats *stats);

#endif
