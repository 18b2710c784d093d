/*
 * The mixer, as the focus sees it: streams and rules, no conferences (RFC 4353 §4.3,
 * framework 4.3).
 *
 * A `mix` is a set of buses. One media thread works it; one with many legs is cut into sections,
 * each on a thread of its own. A `leg` is one RTP stream in each direction. A leg speaks to buses
 * and hears buses, each at a gain, always minus itself. All functions run on the focus thread,
 * never block, and take effect at the mix's next tick; what is asked in one turn of the loop takes
 * effect in one tick of each section.
 */
#ifndef PORTS_MIXING_H
#define PORTS_MIXING_H

#include "ports/session.h"

enum {
    MIX_BUSES = 64, /* of one mix; one that is not used costs no more than its gains */
    MIX_MAIN = 0,
    MIX_MUSIC,           /* for who waits */
    MIX_ANNOUNCE,        /* what is told to all */
    MIX_RECORD,          /* what is said in a conference that is recorded */
    MIX_FREE,            /* the first that has no meaning of its own */
    MIX_SPEAKS = 9,      /* buses that one leg may speak to */
    MIX_RAMP = 20,       /* ms in which gains change, if nobody wants another time … */
    MIX_RAMP_MAX = 2000, /* … which is at most this */
};

#define GAIN_OFF (-200.0f) /* dB: this or less is not at all */

struct mix;
struct leg;
struct player;
struct recorder;

/* Gains in dB towards and from each bus. */
struct leg_route {
    float speaks[MIX_BUSES];
    float hears[MIX_BUSES];
    unsigned ramp;    /* ms in which they change, straight in amplitude; never less than a tick */
    uint64_t at_once; /* bit masks: these are heard without a ramp, as nobody speaks there yet, … */
    uint64_t at_last; /* … and these are left at its end, as those who spoke there fade away */
    bool is_cautious; /* nothing is sent before the peer has sent: it may be nobody who called */
};

/* Which of a phone's keys are taken: its telephone-events (RFC 4733), or the tones in its audio. */
enum key_source {
    KEYS_AUTO, /* tones when the session has no telephone-event */
    KEYS_EVENTS,
    KEYS_TONES,
    KEYS_BOTH, /* until the phone has sent an event: then those */
};

/* What is done to a leg's voice on its way into the mix. All off costs nothing. */
struct leg_voice {
    bool agc;     /* soft and loud phones are brought to one level */
    bool denoise; /* steady noise is suppressed */
    bool vad;     /* who speaks is judged by what is voice, not by level alone */
    enum key_source keys;
};

struct leg_config {
    int family;       /* AF_INET or AF_INET6 */
    unsigned timeout; /* ms without RTP and RTCP until on_timeout; 0: never */
    const char *name; /* for RTCP CNAME; copied */
    void *user;       /* comes back with the events */
};

/* What the names of files that were recorded here begin with, when they are played. */
#define RECORDING "recording:"

enum {
    PLAY_NEXT = '\n',   /* between the files of a list */
    PLAY_MOST = 64,     /* files of one */
    PLAY_DOWN = 100,    /* ms */
    PLAY_UP = 400,      /* ms */
    LANGUAGE_SIZE = 17, /* bytes with NUL of a language's name: "pt-BR" */
};

struct play_config {
    /* Any that libsndfile reads, relative to the server's directory; the name of a prompt; a tone.
     * Several, PLAY_NEXT between them, are played without a gap, and in no loop. With loop a
     * folder, "music/", is played file after file. Copied. */
    const char *file;
    unsigned bus;
    float gain;    /* dB */
    unsigned fade; /* ms in which it comes and goes */
    bool loop;
    bool shuffle;         /* the files of a folder in an order of chance, the same for all */
    const char *language; /* of prompts; NULL or "": that of the settings. Copied. */
    void *user;           /* comes back with on_played */
};

enum {
    RECORD_FILE = 128, /* bytes with NUL of the name of a recording */
    RECORD_AHEAD = 40, /* ms: what is to be heeded everywhere at once is asked for so long before */
};

struct record_config {
    const char *file; /* below the recordings' directory; .wav, .flac, .opus or .ogg; copied */
    struct leg *leg;  /* what it says is recorded, or, with a bus, what it says there and as loud;
                         NULL: what is said on the buses */
    uint64_t buses;   /* bit mask; of a leg one at most */
    uint64_t begin;   /* record_clock at the first sample; 0: as soon as it can be. What is not
                         there any more is silence, so that files fit together */
    unsigned most;    /* ms; 0: no limit */
    unsigned silence; /* ms without speech of the leg that end it; 0: they do not */
    void *user;       /* comes back with on_recorded */
};

struct recorded {
    const char *problem; /* why there is no more of it; NULL: it is whole */
    unsigned duration;   /* ms that are in the file */
    uint64_t bytes;      /* of the file */
    unsigned lost;       /* ms that the disk was too slow for: there is silence instead */
};

/* Counted since the leg began. Written by the media thread, read at any time: each figure is
 * whole, together they may be of two neighbouring ticks. */
struct leg_stats {
    char codec[24];     /* what we send, "" before the session is known */
    uint64_t received;  /* RTP packets taken */
    uint64_t sent;      /* RTP packets sent */
    uint64_t lost;      /* sequence numbers that never came (RFC 3550 A.3, without duplicates) */
    uint64_t late;      /* came too late to be played */
    uint64_t rejected;  /* from a foreign source, not RTP, of an unknown payload type, or not to be
                           decoded */
    uint64_t concealed; /* ms of audio made up for what was missing */
    uint64_t clipped;   /* ms of audio that stands at full scale: the phone is too loud */
    unsigned pause;     /* ms since the last RTP packet that was taken; 0: none was */
    float jitter;       /* ms, interarrival (RFC 3550 §6.4.1) */
    float delay;        /* ms of audio in the jitter buffer at the moment */
    float level;        /* dBov of what came in, smoothed; -127 for silence */
    float speech;       /* dBov, mean of what was spoken; -127 before that */
    float mos;          /* 1–5, estimate for what came in (ITU-T G.107); 0: nothing came */
    float round_trip;   /* ms, from RTCP; 0: not known */
    /* What the peer hears of us, by its reports (RFC 3550 §6.4, RFC 3611 §4.7); 0 when it says
     * nothing. */
    uint64_t remote_lost;   /* packets */
    float remote_loss;      /* fraction 0–1 of its last report */
    float remote_discarded; /* fraction 0–1, came too late to be played */
    float remote_jitter;    /* ms */
    float remote_mos;       /* its own estimate, or ours from the above */
    char grade[8];          /* see leg_quality; "": not judged yet */
    bool speaking;
    uint32_t source; /* SSRC of what comes in; 0: nothing came yet */
};

/* How good a leg was in the last seconds. */
struct leg_quality {
    const char *grade;               /* "good", "fair", "poor" or "bad", by the worse direction */
    const char *before;              /* what it was; "": not judged yet */
    float mos, remote_mos;           /* 0: not known, nothing came or was reported */
    float loss, remote_loss;         /* fractions 0–1; the former with what came too late */
    float jitter, delay, round_trip; /* ms, as in leg_stats */
};

/* One media thread. */
struct mixing_thread_stats {
    unsigned sections, legs; /* a section: a mix, or the part of one that this thread works */
    uint64_t ticks;          /* slots worked */
    uint64_t late_ticks;     /* began more than 5 ms after their time */
    uint64_t skipped_ticks;  /* dropped since the thread was a whole tick behind */
    float lateness_p50, lateness_p99, lateness_max; /* ms */
    float load; /* fraction 0–1 of the last second spent working */
    bool overloaded;
    bool io_uring; /* packets are moved by it, many at once */
};

struct mixing {
    void *ctx;
    /* The codecs that offers and answers may use, best first. */
    const struct codec_format *(*codecs)(void *ctx, unsigned *countp);

    /* ENOMEM. It begins on the least loaded thread. */
    int (*mix_create)(void *ctx, struct mix **mixp);
    /* Closes the legs that are left, too. */
    void (*mix_destroy)(struct mix *mix);

    /* Opens the leg's sockets. The leg is silent and deaf until it has a session and a route.
     * EADDRINUSE: no free port in the range; EAFNOSUPPORT: no address of this family;
     * EMFILE, ENOMEM. */
    int (*leg_create)(struct mix *mix, const struct leg_config *config, struct leg **legp);
    void (*leg_address)(const struct leg *leg, struct media_address *address);
    /* The session as negotiated; again after each change. */
    void (*leg_session)(struct leg *leg, const struct session *session);
    /* ENOMEM; EINVAL: it would speak to more than MIX_SPEAKS buses. It stays as it is. */
    int (*leg_route)(struct leg *leg, const struct leg_route *route);
    /* Until then all is off, and keys are KEYS_AUTO. It fades over, it never clicks. */
    void (*leg_voice)(struct leg *leg, const struct leg_voice *voice);
    /* Takes it to another mix, with its address and its session; `user` is whose it is from now on.
     * It fades out, and is silent and deaf until it has a route there. EBUSY: it is on its way
     * already; ENOMEM: it stays. */
    int (*leg_move)(struct leg *leg, struct mix *mix, void *user);
    /* Fades out, sends RTCP BYE, closes. No event comes after this; the pointer is gone. */
    void (*leg_close)(struct leg *leg);
    void (*leg_stats)(const struct leg *leg, struct leg_stats *stats);

    /* Whether one more leg of the mix (NULL: of a new one) would be more than is there to carry
     * it: every thread that could take it has been late for seconds. */
    bool (*is_overloaded)(void *ctx, const struct mix *mix);
    /* Plays a file into a bus. It is read in the background, so there is no waiting here, and
     * whether it can be read is told by on_played. EAGAIN: no thread to read it; EINVAL: it has
     * been read, and holds nothing at the rate of the mix; E2BIG: too many files; ENOMEM. */
    int (*play)(struct mix *mix, const struct play_config *config, struct player **playerp);
    /* Fades out; on_played comes when that is done. Again: nothing more. */
    void (*play_stop)(struct player *player);
    /* Another gain, dB: lower within PLAY_DOWN, louder within PLAY_UP. */
    void (*play_gain)(struct player *player, float gain);

    /* Writes a file, in the background: whether it can be written is told by on_recorded. It ends
     * with the leg, or the mix, at the latest. EINVAL: no such kind of file; EBUSY: the leg is on
     * its way to another mix; EAGAIN: no thread to write it; ENOMEM. */
    int (*record)(struct mix *mix, const struct record_config *config, struct recorder **recorderp);
    /* on_recorded comes when all has been written. Again, and after that: nothing more. */
    void (*record_stop)(struct recorder *recorder);
    /* ms, the same for all mixes, and growing. */
    uint64_t (*record_clock)(void *ctx);
    /* From then on, which is RECORD_AHEAD from now at least, it pauses, or, if it does, goes on.
     * What is said in between is not in the file, nor silence instead. EAGAIN: too many of these at
     * once.
     */
    int (*record_turn)(struct recorder *recorder, uint64_t when);
    /* Writes a text to a file below the recordings' directory: in the background, in place of the
     * one before, and whole or not at all. What is wrong is logged. EAGAIN, ENOMEM. */
    int (*record_note)(void *ctx, const char *file, const char *text);

    unsigned (*thread_count)(void *ctx);
    void (*thread_stats)(void *ctx, unsigned thread, struct mixing_thread_stats *stats);
};

/* What the mixer tells; called on the focus thread. `user` is the leg's. */
struct mixing_events {
    void (*on_speaking)(void *user, bool speaking, void *arg);
    /* One whole key press (RFC 4733), told once. `duration` in ms. */
    void (*on_digit)(void *user, char digit, unsigned duration, void *arg);
    /* Neither RTP nor RTCP for the time asked for, though the session lets the peer send. Told
     * once for every silence. */
    void (*on_timeout)(void *user, unsigned silent_ms, void *arg);
    /* The grade has changed; at most every 5 s a leg. */
    void (*on_quality)(void *user, const struct leg_quality *quality, void *arg);
    /* So many media threads are overloaded now, which is another number than before. */
    void (*on_overload)(unsigned overloaded, void *arg);
    /* It has been played to its end or stopped, or cannot be played: `problem` says why, else it is
     * NULL. The player is gone. Not told when the mix is destroyed, with all its players. `user` is
     * the player's. */
    void (*on_played)(void *user, const char *problem, void *arg);
    /* The file has been closed, or cannot be written, or the disk hangs. The recorder is gone. Told
     * when the mix has been destroyed, too; not when all ends. */
    void (*on_recorded)(void *user, const struct recorded *recorded, void *arg);
};

#endif
