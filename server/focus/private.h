/*
 * Inside the focus: its objects, and what its files do for each other. Nobody outside this folder
 * includes this. Focus thread.
 *
 *   focus.c        the whole: create, connect, shut down
 *   conference.c   conferences: find, make, reserve; and reading them
 *   about.c        what a conference tells of itself
 *   create.c       conferences with names of their own; who made a conference
 *   factory.c      a call to a conference factory
 *   ending.c       how conferences end: for all, empty, in time, with their creator
 *   gone.c         names that no conference has any more
 *   participant.c  participants: make, leave; and reading them
 *   routing.c      what each hears and is heard by: routes to the buses of the mix; those buses
 *   standing.c     what they are in it: role, shown name, floor, leave to speak
 *   arrange.c      media policy: asking for the plan of a mix, and carrying it out
 *   plan.h         such a plan, as data
 *   admit.c        a call that wants in: create, join, answer
 *   replace.c      a call that takes the place of another
 *   sidebar.c      conferences within a conference
 *   aside.c        participants who come into one from its parent, by the call that they have
 *   invite.c       a call of ours to somebody who is to come in
 *   uncalled.c     those whom nobody could call
 *   wishes.c       several people to be called, or put out, at the wish of one
 *   initiate.c     INITIATE: a conference, and others in it, for its owner
 *   refer.c        what is asked by REFER, and who is told how it goes; refer_waiting.c: about
 * those who wait named.c        whom a URI names streams.c      which streams the calls have:
 * sessions, hold, changes for all calls.c        what becomes of a call: session, established,
 * ended; OPTIONS submit.c       a participant's or script's wish: decision, effect subscribe.c who
 * wants to be told what happens: decision decide.c       the one way from a request to a decision
 *   pending.c      requests that wait for somebody's decision
 *   moderators.c   who is to decide it
 *   waiting.c      callers who wait to be let in
 *   ear.c          what is played to one participant alone
 *   recheck.c      asking anew about those who are in
 *   cause.c        what has led to a state
 *   incidents.c    who was lately kept or put out
 *   explain.c      why somebody does or does not hear another; explain_text.c: in one line
 *   media_events.c what the mixer tells
 *   sound.c        how a conference sounds: its defaults, music for who waits, announcements
 *   recording.c    what is recorded, of it or of a visitor
 *   playback.c     a file that plays, there or to a visitor
 *   visitor.c      callers who talk with an application, and are in no conference
 *   enter.c        … and come into one, with their application still there
 *   events.c       the queue of what has happened, and who is told
 */
#ifndef FOCUS_PRIVATE_H
#define FOCUS_PRIVATE_H

#include "focus/application.h"
#include "focus/cause.h"
#include "focus/focus.h"
#include "focus/pending.h"
#include "focus/plan.h"
#include "ports/initiating.h"
#include "ports/referring.h"

#include <uthash.h>

enum {
    FOCUS_LISTENERS = 8,
    RETRY_AFTER = 10, /* s, said to callers when we are full */
};

/* First in what stands on a call (signalling.set_user) and on its leg. */
enum party { PARTY_PARTICIPANT, PARTY_VISITOR, PARTY_LEFT };

/* What stands on a call whose participant has left: its dialog still has to end. NULL stands on one
 * that was never let in. */
#define CALL_HAS_LEFT ((void *)&focus_call_has_left)
extern const enum party focus_call_has_left;

static inline bool is_party(const void *user, enum party party)
{
    return user && *(const enum party *)user == party;
}

/* NULL: somebody else, or nobody. */
static inline struct participant *participant_of(void *user)
{
    return is_party(user, PARTY_PARTICIPANT) ? user : NULL;
}

static inline struct visitor *visitor_of(void *user)
{
    return is_party(user, PARTY_VISITOR) ? user : NULL;
}

struct queued_event {
    struct conference_event event; /* kind EVENT_COUNT: nothing is told */
    /* Kept alive until the event has been told, and freed then, with this entry in it; all NULL:
     * the entry is freed alone. */
    struct participant *last_of;
    struct conference *end_of;
    struct pending *over_of;
    struct queued_event *next;
    bool is_answer; /* caused by a hook that was told of another event */
};

struct sound {
    struct leg_voice voice;
    char *hold_music; /* NULL or "": silence */
};

/* A file that plays in a conference, or to a visitor: the other is NULL. */
struct playback {
    uint64_t id;
    struct conference *conference;
    struct visitor *visitor;
    struct player *player;
    bool is_hold_music;
    bool is_stopped; /* it fades out */
    bool is_silent;  /* its end concerns nobody any more */
    uint64_t ear;    /* participant to whom alone it plays; 0: nobody */
    struct playback *prev, *next;
    char file[];
};

/* A file that is being written: of a conference, or of a visitor: the other is 0. */
struct recording {
    struct focus *focus;
    uint64_t id, conference, visitor; /* the latter two may be gone */
    struct recorder *recorder;
    struct recording *prev, *next;
    char file[RECORD_FILE];
};

/* Who had a conference made, to be known again on coming in. */
struct maker {
    char *uri;     /* NULL or "": nobody in particular */
    char *peer;    /* where the call came from that asked for it; "": a script did */
    char *call_id; /* of that call's dialog; "": it was none */
    bool authenticated;
};

struct focus {
    struct loop *loop;
    char *domain;
    bool (*is_taken)(void *arg, const char *name);
    void *is_taken_arg;
    unsigned max_calls;
    unsigned media_timeout, answer_timeout; /* ms */
    const struct signalling *signalling;
    const struct mixing *mixing;
    const struct policy *policy;
    const struct application *application; /* NULL: there are none */
    const struct journalling *journalling; /* NULL: nothing is kept */
    struct sound sound;
    struct conference_life life; /* of those that calls create */
    unsigned patience;           /* ms that a conference waits for who comes first */
    unsigned gone_time;          /* ms that a generated name is remembered */
    struct gone *gone;           /* hash by name, oldest first */

    struct conference *by_id;         /* hash; ended ones too, until their event is told */
    struct conference *by_name;       /* hash; only those that can be called */
    struct participant *participants; /* hash; those who left too, until their event is told */
    struct visitor *visitors;         /* hash */
    struct recording *recordings;     /* list */
    struct pending *pending;          /* hash; decided ones too, until that has been told */
    unsigned calls;                   /* that were let in and are not yet over */

    struct queued_event *events, **events_tail;
    struct loop_timer *events_timer;
    const struct conference_event *telling; /* its hooks run; NULL: none do */
    bool is_telling_answer;                 /* and it was itself caused by an event hook */
    struct {
        void (*handler)(const struct conference_event *event, void *arg);
        void *arg;
    } listeners[FOCUS_LISTENERS];
    unsigned listener_count;

    struct {
        unsigned threads;            /* media threads that are */
        time_t since;                /* the first of them */
        uint64_t turned_away;        /* calls, since the start */
        uint64_t turned_away_before; /* and before `since` */
    } overload;

    bool shutting_down;
    struct loop_timer *shutdown_timer;
    void (*shutdown_done)(void *arg);
    void *shutdown_arg;
};

/* Of a mix, as bit masks: those that somebody has, and those that were given back. */
struct bus_set {
    uint64_t taken, resting, rested; /* `rested`: for longer than `resting`, and not yet free */
    uint64_t turned_at;              /* ms: when `resting` began */
};

/* How the plan of a mix is carried out. */
struct arrangement {
    struct plan *plan;         /* NULL: all speak to the main bus and hear it. Owned. */
    uint8_t buses[PLAN_BUSES]; /* of the mix, for each of the plan's */
    struct cause cause;        /* why it is as it is, but for `by`: a place in the plan */
    unsigned watched;         /* what it was made from, besides what is told by events: mix_watch */
    struct loop_timer *timer; /* until policies are asked anew … */
    uint64_t asks_at;         /* … in ms */
    uint64_t asked_at, idle_until; /* ms */
};

struct conference {
    struct focus *focus;
    uint64_t id;
    char *name, *title, *policy;
    unsigned capacity;
    json_t *options, *places;
    struct session_about about; /* its own strings */
    enum factory factory;
    struct maker maker;
    bool is_owned; /* only who made it may change it, as far as the policy leaves that open */
    bool reserved, is_generated, hides_focus;
    bool active;      /* somebody is in or on the way in; there is a mix */
    bool ended;       /* no longer to be called; waits to be freed */
    bool ending;      /* all its calls are being ended */
    bool is_deciding; /* what was approved is carried out: it does not end by itself */
    bool locked;
    struct cause lock_cause, media_cause; /* of what is locked or open, and of `withheld` */
    struct loop_timer *recheck_timer;     /* runs while somebody is_doubted */
    uint64_t rechecked_at;                /* ms, when that begins or began; 0: never yet */
    struct cause recheck_cause;           /* who asked for it */
    struct incidents *incidents;          /* NULL: there were none yet */
    time_t created_at;
    struct conference_life life;
    struct loop_timer *empty_timer; /* runs while nobody is in it and it waits for somebody */
    struct loop_timer *end_timer;   /* until the warning, then until the end */
    unsigned warning;               /* ms before its end when that is told; 0: it is not */
    time_t ends_at;                 /* 0: its time is not limited, or it does not run */
    uint64_t creator;               /* id of who made it; 0: nobody, or not in (any more) */
    bool creator_has_left;          /* just now, which is still to be considered */
    struct mix *mix;
    struct bus_set buses;
    struct arrangement arrangement;
    bool has_announced;     /* so that all hear that bus */
    bool has_sound;         /* of its own */
    bool is_hold_music_bad; /* it could not be played, and is not tried again */
    struct sound sound;
    struct playback *playbacks;     /* list */
    uint64_t recording;             /* id; 0: none */
    enum stream_direction withheld; /* from the streams of all, see struct answer */
    char codecs[REQUEST_CODECS];    /* those offered, "": all */
    struct loop_timer *media_timer; /* runs while somebody is_outdated */
    struct conference *parent;      /* whose sidebar it is; NULL: it is none */
    struct conference *sidebars;    /* list */
    struct conference *prev_sidebar, *next_sidebar;
    unsigned bus;             /* of a sidebar: where its members speak, in the parent's mix */
    float background;         /* the same: dB */
    enum sidebar_shown shown; /* the same */
    struct queued_event end;  /* its place in the queue once it ended */
    struct participant
        *members; /* list; on the way in, too; those who have joined last come last */
    unsigned member_count, called_count;   /* all of them; those who are still being called */
    struct pending *pending;               /* list, in the order of asking */
    unsigned pending_count, waiting_count; /* all of them; those who are calls that want in */
    unsigned anonymous_count;              /* of all that ever came */
    uint64_t answers_since; /* ms: when the counting of `answers` began, see submit.c */
    unsigned answers;
    UT_hash_handle hh_id, hh_name;
};

struct participant {
    enum party party;
    uint64_t id;
    struct conference *conference;
    struct call *call;               /* NULL once it left */
    struct call_info info;           /* a copy that outlives the call */
    char *strings;                   /* where info's strings live */
    char role[32], display_name[64]; /* the latter "": as its phone says */
    struct leg *leg;                 /* NULL once it left */
    struct leg_stats stats;          /* last ones, once it left */
    enum stream_direction direction; /* of its session, if it has_session */
    bool has_session, has_audio;
    bool joined, left, muted, speaking;
    bool held_by_phone, held_by_us, held_told;
    bool is_source;   /* it has never wanted to receive, which is no hold */
    bool is_outdated; /* it is to learn what has changed for all */
    bool is_doubted;  /* the policy is to be asked about it again */
    bool hidden, listen_only, has_floor;
    unsigned anonymous; /* its number among the nameless of the conference; 0: it has a name */
    struct cause causes[CAUSE_COUNT];
    struct departure departure;
    char *brought_by, *removed_by; /* URI of who had it called, or put it out; NULL: nobody whom the
                                      roster names */
    struct leg_voice voice;
    float speaks, hears; /* dB */
    bool hears_music;
    unsigned ear_bus;                /* that it alone hears; MIX_MAIN: none */
    unsigned ear_plays;              /* files that play there, or fade out */
    bool called, alerting;           /* by us, and not answered yet; the phone rings */
    struct loop_timer *patience;     /* runs while it is called */
    struct referrer *referrers;      /* list: who is told whether it comes in */
    struct visitor *visitor;         /* as which its application knows it; NULL: none any more */
    struct participant *main;        /* who it is in the parent, whose call and leg it has; NULL: it
                                        has its own */
    struct participant *aside;       /* the other way round: who it is in a sidebar; or NULL */
    float background;                /* dB; in a sidebar: how loud the parent is */
    char accept, decline;            /* keys that answer the question whether it comes aside */
    bool is_prompted;                /* by what is played to it alone */
    struct participant *successor;   /* whose call is to replace this one when it is confirmed */
    struct participant *predecessor; /* the other way round; both NULL: none */
    bool speaking_told, speaking_queued;
    time_t joined_at, made_at;
    struct participant *prev, *next; /* in conference.members */
    struct queued_event last;        /* its place in the queue once it left */
    UT_hash_handle hh;
};

struct visitor {
    enum party party;
    uint64_t id;
    struct focus *focus;
    struct call *call;
    struct mix *mix; /* of its own; NULL: nothing was said of audio yet */
    struct leg *leg;
    struct playback *playbacks;      /* list */
    enum stream_direction direction; /* this and the next as a participant's */
    bool has_session, has_audio, is_source, held_by_phone;
    bool early;                      /* there is audio before the answer */
    bool answered;                   /* the 200 is on its way */
    bool up;                         /* and the ACK is here */
    bool failed;                     /* its application is over, it hears of that and goes */
    bool waits;                      /* to be let in, and has no application */
    struct pending *pending;         /* what it waits for; NULL: nothing */
    struct participant *participant; /* that it is, while its application goes on; NULL: it is in no
                                        conference, and call and leg are its own */
    bool is_out;                     /* of the mix of its conference, with its application */
    bool wants_out;                  /* what it is to be */
    bool is_let_go;                  /* its application is over: it is freed when it is back in */
    struct loop_timer *step_timer;   /* until its leg can be moved */
    time_t since;
    UT_hash_handle hh;
};

/* Whoever is to hear what has become of a request of theirs: accepted, or not. */
struct asker {
    void (*decided)(void *arg, const struct decision *result); /* NULL: nobody */
    void *arg;
};

struct pending {
    uint64_t id;
    struct request request;
    struct invitation invitation; /* request.invitation, if it has one */
    struct sidebar_wish sidebar;  /* the same, of request.sidebar */
    char *strings;                /* where their texts live */
    struct decision decision;     /* which lets it wait */
    struct visitor *caller;       /* whose call waits; NULL: none */
    struct asker asker;
    struct referral *referral; /* is told; NULL: nobody */
    bool tells_uncalled;       /* that somebody is not called is told as their failure to come */
    bool is_over;              /* which is still to be told */
    char decided_by[256];      /* who has: a URI; "": nobody who is named */
    time_t since;
    struct loop_timer *expiry;
    struct pending *prev, *next; /* in conference.pending */
    struct queued_event last;    /* its place in the queue once it is over */
    UT_hash_handle hh;
};

/* events.c */
/* Queues a copy. ENOMEM is logged: the event is lost, the state is right. */
void events_post(struct focus *focus, const struct conference_event *event);
/* Queues the last event of a participant or conference, which is freed behind it. They have room
 * for it, so this cannot fail: what has ended is never freed before what is queued about it.
 * `event` NULL: nothing is told, the conference is only freed in its turn. */
void events_post_left(struct participant *participant, const struct conference_event *event);
void events_post_ended(struct conference *conference, const struct conference_event *event);
void events_post_decided(struct pending *pending, const struct conference_event *event);
/* Tells what is queued (one turn's worth), so that a policy decides about a newcomer knowing what
 * happened before. Not from within a request. */
void events_catch_up(struct focus *focus);
/* Tells all that is queued, now. */
void events_flush(struct focus *focus);

/* decide.c */
void decide(struct focus *focus, const struct request *request, struct decision *decision);
/* What it accepted could not be done, as its code and reason say: for the journal. */
void decision_failed(struct focus *focus, const struct request *request,
                     const struct decision *decision);
void actor_of_call(struct actor *actor, const struct call_info *info, uint64_t participant);

/* Whether nobody may learn who asks: they are without a name in the conference, or hidden. */
bool actor_is_secret(struct focus *focus, const struct actor *actor);

/* URI of who asks, as far as the roster may name it; NULL: it may not. To be freed. */
char *actor_name(struct focus *focus, const struct actor *actor);

/* conference.c */
int conference_make(struct focus *focus, const struct conference_config *config,
                    struct conference **conferencep);
/* Gives it a mix and tells that it is there. ENOMEM. */
int conference_activate(struct conference *conference);
void conference_free(struct conference *conference);

/* ending.c */
/* It has begun: its time runs. */
void conference_start_clock(struct conference *conference);
/* It has so much time from now on. */
void conference_limit(struct conference *conference, const struct conference_life *life);
/* Nobody is in it yet: it goes when nobody has come in after `ms`. */
void conference_await(struct conference *conference, unsigned ms);
/* Ends all its calls; a conference that is not reserved is over. `code` for the Reason header. */
void conference_end(struct conference *conference, int code, const char *reason);
/* After somebody has gone, or did not come in: when nobody is left in it, or the creator with whom
 * it ends has left. */
void conference_end_if_over(struct conference *conference);

/* gone.c */
/* Remembers a generated name whose conference is over. */
void gone_add(struct focus *focus, const char *name);
void gone_forget(struct focus *focus);
/* Why no conference has that name: 410 when one had, 404 when none ever had, and in words. */
int gone_code(struct focus *focus, const char *name, const char **reasonp);

/* subscribe.c */
/* Whether "192.0.2.1:5060;udp" and the other are of one host. */
bool is_same_host(const char *peer, const char *other);

/* about.c */
/* Copies; an ENOMEM leaves it as it is. */
int about_set(struct session_about *about, const struct session_about *source);
void about_free(struct session_about *about);

/* create.c */
enum { MADE_NAME_SIZE = 24 + 1 }; /* hexadecimal digits, 96 bits; and a NUL */
/* A name that nobody can guess, or a number of so many digits, that nobody has. False: there are
 * too many conferences. */
bool name_make(struct focus *focus, unsigned digits, char name[MADE_NAME_SIZE]);
/* Notes whose call had it made, or whose it is; NULL for either. ENOMEM. */
int maker_note(struct conference *conference, const struct call_info *from, const char *uri);
/* Whether it is who had it made that asks. */
bool maker_asks(const struct conference *conference, const struct actor *actor);
/* Whoever comes in is the creator, if it is the one that had the conference made. */
void maker_arrives(struct participant *participant);
void maker_free(struct maker *maker);

/* factory.c */
void factory_admit(struct conference *factory, struct call *call);

/* participant.c */
/* `leg`: the one that the call has; NULL: it gets one. */
int participant_make(struct conference *conference, struct call *call, struct leg *leg,
                     const struct request_params *params, struct participant **participantp);
/* One in a sidebar, who has the call of `main`, who is in its parent. ENOMEM. */
int participant_make_aside(struct conference *sidebar, struct participant *main,
                           const struct request_params *params, struct participant **participantp);
/* Whose call and leg it is. */
struct participant *participant_own(struct participant *participant);
/* Where it speaks and presses keys: in the sidebar, if it is in one. */
struct participant *participant_here(struct participant *participant);
/* Takes what signalling has learned about the call since the participant was made. */
void participant_learn(struct participant *participant);
/* Changes what is done to the participant's voice. */
void participant_enhance(struct participant *participant, const struct request_params *params);
/* Leaves the roster and the mix at once, whatever the call's dialog still has to do. `code` as in
 * signalling's on_ended. */
void participant_leave(struct participant *participant, enum departure_method method, int code,
                       const char *reason);
/* Whom we called has answered. */
void participant_answered(struct participant *participant);
/* The call is up: it has joined. */
void participant_established(struct participant *participant);
/* Leaves, and the call is ended. */
void participant_remove(struct participant *participant, enum departure_method method, int code,
                        const char *reason);
/* Takes a copy of a call's description, which outlives the call by one event. ENOMEM. */
int participant_describe(struct participant *participant, const struct call_info *info);
void participant_free(struct participant *participant);

/* routing.c */
/* Tells the mixer what the participant hears, and who hears it. ENOMEM: it goes on as before. */
int participant_route(struct participant *participant);
/* The same for what cannot be taken back: without the memory for it the participant has to go. */
void participant_route_or_remove(struct participant *participant);
/* What the route is under the arrangement. */
void routing_compute(const struct participant *participant, const struct arrangement *arrangement,
                     struct leg_route *route);
/* All whose legs are in its mix, those who have called its sidebars included; one whom an error
 * concerns goes on as before. */
int conference_route(struct conference *conference);
/* A bus of the conference's mix that nobody else has. ENOSPC. */
int conference_take_bus(struct conference *conference, unsigned *busp);
/* ms after which there may be more of them, as some rest; 0: none do. */
unsigned conference_bus_rest(const struct conference *conference);
/* Once no participant's route leads there. It rests until no leg speaks to it any more. */
void conference_give_bus(struct conference *conference, unsigned bus);

/* standing.c */
/* role, rename, floor, permit: what a participant is in its conference. */
bool verb_is_of_standing(enum verb verb);
/* The effect of such a verb. ENOMEM. */
int standing_change(struct participant *participant, enum verb verb,
                    const struct decision *decision);
/* The same for who is to replace the one whom it was decided about. */
void standing_pass_on(struct participant *participant, enum verb verb,
                      const struct decision *decision);

/* arrange.c */
/* The event has been told: it may be one after which the mix has to be another. */
void arrange_after(struct focus *focus, const struct conference_event *event);
/* Something has changed that only those are asked about who have made their plan from it. */
void conference_changed(struct conference *conference, enum mix_watch what);
/* With the mix. */
void arrangement_drop(struct conference *conference);

/* streams.c */
/* Whether it is on hold, if that has changed. */
void participant_tell_held(struct participant *participant);
/* How the participant's call is to be answered, offered or changed. */
void participant_answer(const struct participant *participant, struct answer *answer);
/* Offer/answer has ended well. */
void participant_session(struct participant *participant, const struct session *session);
/* A change of ours is in force (200), or refused. */
void participant_updated(struct participant *participant, int code, const char *reason);
/* ENOMEM; ECANCELED: the call cannot be changed. */
int participant_hold(struct participant *participant, bool held);
/* Changes the media of all who are in, one after the other, and of who comes later. EINVAL: no
 * codec of that name. */
int conference_change_media(struct conference *conference, const struct request_params *params);
/* It is over: from now on media are as for any other. */
void conference_reset_media(struct conference *conference);

/* It began or stopped to speak, here. */
void participant_set_speaking(struct participant *participant, bool speaking);

/* sidebar.c */
/* The effect of an accepted wish; errors as focus_submit, with decision->code. `target` NULL: a new
 * sidebar. */
int sidebar(struct conference *conference, struct participant *target,
            const struct request *request, struct decision *decision);
/* The conference goes: its sidebars, too. */
void sidebars_end(struct conference *conference, int code, const char *reason);
/* A sidebar has a bus of its parent's mix, instead of a mix. ENOSPC: none is left. */
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
/* Who is asked comes in. */
void aside_accept(struct participant *aside);
/* The key answers the question, and means nothing else. */
bool aside_key(struct participant *participant, char digit);
/* `aside` has come in, not only by another call than before. */
void aside_enter(struct participant *aside, bool is_new);
/* It goes: whose call it has is all in the parent again. `was_in`: it had come in. */
void aside_leave(struct participant *aside, bool was_in, bool is_replaced);
/* Who goes on by another call does so in the sidebar. */
void aside_hand_over(struct participant *participant, struct participant *predecessor);

/* sound.c */
/* NULL: as the server's. ENOMEM. */
int conference_set_sound(struct conference *conference, const struct sound_config *config);
const struct sound *conference_sound(const struct conference *conference);
/* After somebody has come or gone, or the music has changed: who is alone gets it. */
void conference_update_music(struct conference *conference);
/* Plays to all, in place of what is announced; "" plays nothing. */
void conference_announce(struct conference *conference, const struct request_params *params);
/* What played in it is over. */
void conference_played(struct conference *conference, const struct playback *playback,
                       const char *problem);

/* recording.c */
/* Records all that is said, "": no longer. ENOTCONN: nobody is in it; EALREADY: it is recorded;
 * EBUSY: the file is another's; ENOTSUP: no such kind of file; others as mixing's record. */
int conference_record(struct conference *conference, const char *file);
/* Its mix goes. */
void conference_end_recording(struct conference *conference);
/* The mixer has gone, and will tell of none. */
void recordings_forget(struct focus *focus);
void recording_on_recorded(void *user, const struct recorded *recorded, void *arg);

/* ear.c */
/* Plays to the participant alone, in place of what plays so; "" plays nothing. */
void participant_play(struct participant *participant, const struct request_params *params);
bool participant_is_played_to(const struct participant *participant);
/* What played so is over. */
void ear_played(const struct playback *playback, const char *problem);
/* The participant leaves, and what plays to it ends. */
void ear_leave(struct participant *participant);

/* playback.c */
/* Plays config's file to whom `what` says. Errors as mixing's play. */
int playback_begin(const struct playback *what, struct play_config *config);
void playbacks_stop(struct playback *list, const struct focus *focus, bool is_hold_music);
void playback_stop(struct playback *playback, const struct focus *focus);
/* Their mix goes, and all that plays in it. */
void playbacks_forget(struct playback **list);
void playback_on_played(void *user, const char *problem, void *arg);

/* pending.c */
/* Keeps a request that may wait, and fills decision->pending: EINPROGRESS. EPERM: there is no room
 * for it, decision->code and reason say so. */
int pending_add(const struct request *request, struct decision *decision);
/* Once its end has been told. */
void pending_free(struct pending *pending);
/* The effect of an accepted decide; errors as of focus_submit. */
int pending_decide(struct pending *pending, const struct request *request,
                   struct decision *decision);
/* Who asked has gone, and hears nothing of it. */
void pending_withdraw(struct pending *pending, int code, const char *reason);
/* The conference is over, and all that waits in it. */
void pending_end_all(struct conference *conference, int code, const char *reason);
/* What is wished about the participant is wished about who goes on for it, or about nobody. */
void pending_target_left(const struct participant *participant);
/* moderators.c */
/* Those who are to decide, and are in, hear that it waits. */
void pending_announce(const struct pending *pending);
/* The participant has come in, and hears that something waits for its decision. */
void pending_greet(struct participant *participant);
/* Whether it is up to this actor when no policy says otherwise. */
bool pending_may_be_decided_by(const struct pending *pending, const struct actor *actor);

/* waiting.c */
/* The call waits for a decision about its request, if there is room for it. */
void waiting_begin(struct call *call, const struct request *request, struct decision *decision);
/* The same of a visitor whose application wants it in: EINPROGRESS. EPERM: there is no room. */
int waiting_join(struct visitor *visitor, const struct request *request, struct decision *decision);
/* There is audio: what is to be heard meanwhile begins. */
void waiting_play(struct visitor *visitor);
/* The visitor, who has waited, has left. */
void waiting_gone(struct visitor *visitor, int code, const char *reason);
/* The caller is not let in, and goes, unless it has an application … */
void waiting_refuse(struct pending *pending, const struct decision *result);
/* … or is: result->participant. ECANCELED: it could not be done, result->code and reason say why.
 */
int waiting_enter(struct pending *pending, struct decision *result);

/* enter.c */
/* The visitor goes into the conference, in place of `predecessor` unless that is NULL:
 * decision->participant. EAGAIN: it could not be done, and it stays; ECANCELED: and it is gone, or
 * going; decision->code and reason say why. */
int visitor_go_in(struct visitor *visitor, struct conference *conference,
                  struct participant *predecessor, struct decision *decision);

/* visitor.c */
struct visitor *visitor_make(struct focus *focus, struct call *call);
/* False: the call is for no application. */
bool visitor_admit(struct focus *focus, struct call *call);
/* Whether the URI is that of an application. */
bool focus_has_application(const struct focus *focus, const char *user, const char *host);
void visitor_session(struct visitor *visitor, const struct session *session);
void visitor_established(struct visitor *visitor);
void visitor_transferred(struct visitor *visitor, int code, const char *reason);
void visitor_played(struct visitor *visitor, const struct playback *playback, const char *problem);
/* Its call and its leg are the participant's, who has its session. */
void visitor_enter(struct visitor *visitor, struct participant *participant);
/* The participant that it is has left the conference, and its leg is gone. */
void visitor_left_conference(struct visitor *visitor, int code, const char *reason);
void visitor_free(struct visitor *visitor);
int visitor_make_mix(struct visitor *visitor);
void visitor_drop_mix(struct visitor *visitor);
/* In a mix of its own it hears what is played there. */
void visitor_compute(const struct visitor *visitor, struct leg_route *route);
/* It is none any more; what becomes of its call is another's. `code` as of on_ended. */
void visitor_leave(struct visitor *visitor, int code, const char *reason);
/* Its application hears of it. */
void visitor_tell_left(struct visitor *visitor, int code, const char *reason);
/* As visitor_dismiss, but not by its application, which hears of it. */
void visitor_remove(struct visitor *visitor, int code, const char *reason);

/* admit.c */
void admit(struct focus *focus, struct call *call);
/* Asks whether who calls may join; what it wishes is `request->params`. */
void decide_join(struct request *request, const struct call_info *info, struct decision *decision);
/* Asks the policy whether the caller may join, and answers the call. */
void admit_to(struct conference *conference, struct call *call);
/* Answers the call, whose participant it makes. False: refused. `predecessor`: whom it replaces, or
 * NULL. */
bool bring_in(struct conference *conference, struct call *call, const struct decision *decision,
              struct participant *predecessor);
/* Decides about all whom a caller who may come in, by `decision`, has listed (RFC 5366 §5): who may
 * not have all of them called does not come in either (RFC 5363 §5.2). *wishesp NULL: there are
 * none. EPERM, ENOMEM: `refusal` says why. */
int decide_others(const struct request *join, const struct call_info *info,
                  const struct decision *decision, struct wishes **wishesp,
                  struct decision *refusal);
/* Answers it with a failure. */
void refuse_call(struct focus *focus, struct call *call, int code, const char *reason,
                 unsigned retry_after);
void refuse_call_by(struct focus *focus, struct call *call, const struct decision *decision);
/* Whether `user` at `host` can name a conference of ours. */
bool focus_may_serve(const struct focus *focus, const char *user, const char *host);
/* Why no call more can be taken at the moment, NULL: it can. `user` is who is called. */
const char *focus_is_full(struct focus *focus, const char *user);

/* Why no leg could be opened, in SIP's words and in the log. */
int media_failure(const char *conference, const char *call, int error, const char **reasonp);

/* replace.c */
/* All that somebody has, as whoever takes its place wishes it. */
void participant_params(const struct participant *participant, struct request_params *params);
/* A call that wants to replace the one that it names. */
void replace(struct focus *focus, struct call *call, const struct named_dialog *named);
/* `participant` answers for the other from now on, once it has joined. */
void replace_link(struct participant *participant, struct participant *predecessor);
/* One of them leaves. */
void replace_unlink(struct participant *participant);
/* What was decided about its predecessor is meant for the participant, too, who may be gone then.
 */
void replace_pass_on(struct participant *participant, enum verb verb,
                     const struct decision *decision);
/* The same for those who are to take the target's place once that has been decided. */
void replace_pass_on_waiting(const struct participant *target, enum verb verb,
                             const struct decision *decision);
/* The participant has joined: who it replaces goes. */
void replace_finish(struct participant *participant);

/* invite.c: the effect of an accepted invite. Errors as focus_submit, with decision->code. */
int invite(struct conference *conference, const struct request *request, struct decision *decision);

/* submit.c */
/* Whether its requests are about a participant. */
bool verb_has_target(enum verb verb);
/* Carries out what was accepted; errors as focus_submit. */
int submit_accepted(struct focus *focus, const struct request *request, struct decision *decision);
/* The same of what may be pending. */
int submit_decided(struct focus *focus, const struct request *request, struct decision *decision);

/* uncalled.c */
/* That somebody whom an accepted invite names could not even be called: as a participant who failed
 * to come, for the time of that event. Without memory for it only the log knows. */
void participant_tell_uncalled(struct conference *conference, const struct invitation *invitation,
                               const struct decision *decision);

/* wishes.c: what one request wants done about several people, for all of them or for none. */
/* Asks the policy about each of `list`, who live until it is carried out. `common` says for which
 * conference, who asks, and, unless its invitation is NULL, on whose behalf. EPERM: one of the
 * wishes may not be, *decision says why; ENOMEM. */
int wishes_decide(const struct request *common, const struct recipients *list,
                  struct wishes **wishesp, struct decision *decision);
/* And frees. What goes wrong with one is no harm to the others. NULL: there is nothing to do. */
void wishes_carry_out(struct wishes *wishes);
void wishes_free(struct wishes *wishes);

/* initiate.c */
void initiate(struct focus *focus, struct initiation *initiation);
void initiated(struct focus *focus, struct initiation *initiation, bool is_accepted);

/* refer.c */
/* A REFER came: decides and acts. */
void refer(struct focus *focus, struct reference *reference);
/* `referral` is told from now on how it goes with whom we call. */
void referrer_add(struct participant *participant, struct referral *referral);
/* The same when it had been wished for before; NULL: nobody is told. */
void referrer_add_to(struct participant *participant, struct referral *referral);
/* A code of 200 or more is the last word. */
void referrers_tell(struct participant *participant, int code, const char *reason);

/* As the roster names people: a user's URI names all its endpoints, an endpoint's only that one
 * (RFC 4575 §5.6, §5.7). */
bool participant_is_named(const struct participant *participant, const char *uri);
/* The same of who waits to come in, or to be called. */
bool pending_is_named(const struct pending *pending, const char *uri);

/* refer_waiting.c */
/* False: nobody of that URI waits, or whoever refers may not decide about them. */
bool refer_waiting(struct focus *focus, struct reference *reference, const struct request *asked);

/* subscribe.c */
/* The participant who sends a request, within `call` or, when that is NULL, outside of any. NULL:
 * somebody from outside. */
struct participant *conference_find_caller(const struct conference *conference,
                                           const struct call *call, const struct caller *caller);

/* focus.c */
void focus_call_gone(struct focus *focus);

#endif
