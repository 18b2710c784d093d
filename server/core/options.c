#include "core/options.h"

#include "core/options_check.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 24 * 3600,
    FAR = 4, /* so many slips are no longer a misspelt name */
};

#define IN_SETTINGS(field) offsetof(struct settings, field)
#define IN_CONFERENCE(field) offsetof(struct conference_settings, field)
#define IN_ACCOUNT(field) offsetof(struct account_settings, field)

/* clang-format off */
static const struct option options[] = {
    {.key = "domain", .flag = "--domain", .value = "NAME", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(domain), .standard = "", .shown = "any", .check = option_check_domain,
     .help = "The host part of the conferences' SIP URIs, as phones find this server by it. Calls "
             "to other host names get 404; empty: every host part is ours."},
    {.key = "listen", .flag = "--listen", .value = "URI", .type = OPTION_LIST,
     .offset = IN_SETTINGS(listen), .check = option_check_listen,
     .standard = "sip:127.0.0.1:5060;transport=udp sip:127.0.0.1:5060;transport=tcp",
     .help = "Addresses that take SIP calls: sip:ADDRESS:PORT;transport=udp or tcp; without a "
             "transport, both. IPv6 in brackets. Several: a list, or the option repeated."},
    {.key = "rtp.address", .flag = "--rtp-address", .value = "ADDRESS", .type = OPTION_LIST,
     .offset = IN_SETTINGS(rtp_addresses), .standard = "", .shown = "as in listen",
     .check = option_check_ip,
     .help = "The address that phones send their audio to, at most one of IPv4 and one of IPv6. "
             "Needed when listen is 0.0.0.0 or [::]."},
    {.key = "rtp.ports", .flag = "--rtp-ports", .value = "LOW-HIGH", .type = OPTION_PORTS,
     .offset = IN_SETTINGS(rtp_port_low), .standard = "20000-29999",
     .help = "UDP ports for audio; a call takes two."},
    {.key = "rtp.timeout", .flag = "--rtp-timeout", .value = "TIME", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(rtp_timeout), .standard = "5m", .most = DAY_S * 1000,
     .help = "How long a phone may send nothing at all before the policy is asked whether to "
             "remove it; 0: for ever."},
    {.key = "rtp.io_uring", .flag = "--rtp-io-uring", .value = "true|false",
     .type = OPTION_SWITCH, .offset = IN_SETTINGS(io_uring), .standard = "true",
     .help = "Move packets by io_uring, many at once, where the kernel has it and allows it; "
             "elsewhere they go one by one, which costs more."},
    {.key = "threads", .flag = "--threads", .value = "N", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(media_threads), .standard = "0", .shown = "one a core", .most = 256,
     .help = "Threads that mix audio; 0: one a core."},
    {.key = "max_calls", .flag = "--max-calls", .value = "N", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(max_calls), .standard = "0", .shown = "no limit", .most = 1000000,
     .help = "Calls at the same time; more are turned away with 503 and Retry-After. 0: no "
             "limit."},
    {.key = "overload.late", .flag = "--overload-late", .value = "PERCENT",
     .type = OPTION_NUMBER, .offset = IN_SETTINGS(overload_late), .standard = "40", .most = 100,
     .live = true,
     .help = "A media thread is overloaded, and new calls that it would have to carry get 503 with "
             "Retry-After, when more of its work than this has begun over 5 ms late for 2 s, until "
             "3 s are good again; 0: lateness does not count."},
    {.key = "overload.load", .flag = "--overload-load", .value = "PERCENT",
     .type = OPTION_NUMBER, .offset = IN_SETTINGS(overload_load), .standard = "95", .most = 100,
     .live = true,
     .help = "The same when it was busy for more than this of the time; 0: that does not count."},
    {.key = "sip.t1", .flag = "--sip-t1", .value = "TIME", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(sip_t1), .standard = "500ms", .lowest = 10, .most = 5000,
     .help = "The round trip to phones that is reckoned with (RFC 3261, T1): after it, a message "
             "without an answer is repeated, and after 64 times as long it is given up. More for "
             "links by satellite."},
    {.key = "session.expires", .flag = "--session-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(session_expires), .standard = "1800",
     .most = DAY_S,
     .help = "Session timer (RFC 4028): a call whose phone has vanished ends after this time; 0: "
             "no session timers."},
    {.key = "session.min_se", .flag = "--session-min-se", .value = "TIME", .type = OPTION_SECONDS,
     .offset = IN_SETTINGS(session_min_se), .standard = "90", .lowest = 1, .most = DAY_S,
     .help = "The shortest session timer that a phone may ask for; RFC 4028 demands 90 s or "
             "more."},
    {.key = "notify.interval", .flag = "--notify-interval", .value = "TIME",
     .type = OPTION_MILLISECONDS, .offset = IN_SETTINGS(notify_interval), .standard = "200ms",
     .most = 60 * 1000,
     .help = "Who subscribes to a conference is told its changes at most this often; what "
             "happens between is told together."},
    {.key = "notify.min_expires", .flag = "--notify-min-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(notify_min_expires), .standard = "60",
     .lowest = 1, .most = 3600,
     .help = "The shortest subscription; who asks for less gets 423 (RFC 6665)."},
    {.key = "notify.max_expires", .flag = "--notify-max-expires", .value = "TIME",
     .type = OPTION_SECONDS, .offset = IN_SETTINGS(notify_max_expires), .standard = "3600",
     .lowest = 1, .most = DAY_S,
     .help = "The longest subscription; who asks for more gets this."},
    {.key = "registrar", .flag = "--registrar", .value = "true|false", .type = OPTION_SWITCH,
     .offset = IN_SETTINGS(registrar), .standard = "true",
     .help = "Whether phones with an account can register here, to be reached under its name."},
    {.key = "registration.min_expires", .type = OPTION_SECONDS,
     .offset = IN_SETTINGS(registration_min), .standard = "60", .lowest = 1,
     .most = 3600,
     .help = "The shortest time that a phone may register for; less gets 423."},
    {.key = "registration.max_expires", .type = OPTION_SECONDS,
     .offset = IN_SETTINGS(registration_max), .standard = "3600", .lowest = 1,
     .most = 7 * DAY_S,
     .help = "The longest time that a phone is registered for without asking again."},
    {.key = "digest.algorithms", .type = OPTION_LIST,
     .offset = IN_SETTINGS(digest_algorithms), .check = option_check_algorithm,
     .standard = "SHA-256 MD5",
     .help = "What passwords are asked for with, SHA-256 and MD5, the better one first. Phones "
             "that give up at the first one that they do not know need MD5 alone."},
    {.key = "digest.nonce_expires", .type = OPTION_SECONDS,
     .offset = IN_SETTINGS(nonce_expires), .standard = "300", .lowest = 1, .most = DAY_S,
     .help = "How long the answer to one challenge holds; phones then answer a new one by "
             "themselves."},
    {.key = "trusted_peers", .flag = "--trusted-peer", .value = "NETWORK", .type = OPTION_LIST,
     .offset = IN_SETTINGS(trusted_peers), .standard = "", .shown = "none",
     .check = option_check_network,
     .help = "Proxies whose P-Asserted-Identity (RFC 3325) is believed: \"192.0.2.1\" or "
             "\"10.0.0.0/8\". They must have checked who calls."},
    {.key = "outbound.proxy", .flag = "--outbound-proxy", .value = "URI", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(outbound_proxy), .standard = "", .shown = "none",
     .check = option_check_proxy, .live = true,
     .help = "Where all calls go that the server itself begins, as in sip:192.0.2.1;transport=tcp. "
             "Without it they go where the URI that is called says (RFC 3263)."},
    {.key = "outbound.credentials", .type = OPTION_DATA,
     .offset = IN_SETTINGS(outbound_credentials), .standard = "", .live = true,
     .help = "What to answer when such a call is challenged, by realm: "
             "{ [\"example.com\"] = { user = \"parley\", password = \"…\" } }."},
    {.key = "outbound.redirects", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(outbound_redirects), .standard = "5", .most = 10, .live = true,
     .help = "How often such a call may be redirected (3xx); 0: never."},
    {.key = "outbound.timeout", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(outbound_timeout), .standard = "60s", .lowest = 1000,
     .most = 600 * 1000,
     .help = "How long a phone that is called may ring, unless the script says otherwise."},
    {.key = "outbound.recipients", .type = OPTION_NUMBER,
     .offset = IN_SETTINGS(outbound_recipients), .standard = "50", .most = 200,
     .help = "How many one request may have called, by a list that comes with it; 0: such requests "
             "are refused."},
    {.key = "initiate", .flag = "--initiate", .value = "true|false", .type = OPTION_SWITCH,
     .offset = IN_SETTINGS(initiate), .standard = "true",
     .help = "Callers who have proven who they are may have conferences made by INITIATE, with all "
             "whom its Confer-To names called into them."},
    {.key = "stop_timeout", .flag = "--stop-timeout", .value = "TIME", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(stop_timeout), .standard = "5s", .most = 3600 * 1000,
     .help = "How long a stopping server waits for the phones to answer its BYEs."},
    {.key = "data", .flag = "--data", .value = "DIR", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(data), .standard = "",
     .shown = "/var/lib/parley for root, else ~/.local/state/parley",
     .help = "Directory of the control socket and the lock; each running server has its own."},
    {.key = "policy", .flag = "--policy", .value = "FILE", .type = OPTION_TEXT,
     .offset = IN_SETTINGS(policy), .standard = "standard", .check = option_check_not_empty,
     .live = true,
     .help = "The site's policy: a name (standard, open) or a Lua file. It is asked first, "
             "and the conference's own policy about what it leaves open."},
    {.key = "reload.watch", .type = OPTION_SWITCH, .offset = IN_SETTINGS(reload_watch),
     .standard = "false", .live = true,
     .help = "Reload by itself when the config, or a script that is in use, has been written anew."},
    {.key = "reload.errors", .type = OPTION_NUMBER, .offset = IN_SETTINGS(reload_errors),
     .standard = "10", .most = 64, .live = true,
     .help = "So many errors in new scripts, of hooks and applications, bring those before them "
             "back; 0: nothing does."},
    {.key = "reload.within", .type = OPTION_MILLISECONDS, .offset = IN_SETTINGS(reload_within),
     .standard = "60s", .lowest = 1000, .most = 3600 * 1000, .live = true,
     .help = "How near to each other these errors must be."},
    {.key = "reload.probation", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(reload_probation), .standard = "10m", .most = DAY_S * 1000,
     .live = true,
     .help = "How long after a reload; then the new scripts have proven themselves, and the old "
             "ones are let go of."},
    {.key = "applications", .type = OPTION_DATA, .offset = IN_SETTINGS(applications),
     .standard = "", .live = true,
     .help = "Who talks with a script instead of a conference, by whom they call: "
             "{ [\"9000\"] = \"reception\" } stands for scripts/reception.lua, or a path; "
             "{ script = \"reception\", options = { … } } has options for it."},
    {.key = "attendant", .type = OPTION_TEXT, .offset = IN_SETTINGS(attendant), .standard = "",
     .live = true,
     .help = "The one of these applications that attends to who is in a conference, by keys; empty: "
             "none. For those who come from now on, unless the conference or its policy says "
             "otherwise."},
    {.key = "http.allow", .type = OPTION_LIST, .offset = IN_SETTINGS(http_allow), .standard = "",
     .shown = "nobody", .check = option_check_web_host, .live = true,
     .help = "Whom applications may ask by http.get and the like, also when they are sent on: "
             "\"api.example.com\", or \"127.0.0.1:8080\" for another port than 80 and 443."},
    {.key = "http.connections", .type = OPTION_NUMBER, .offset = IN_SETTINGS(http_connections),
     .standard = "64", .lowest = 1, .most = 1000,
     .help = "How many connections to them there are at the same time; other requests wait."},
    {.key = "store.file", .type = OPTION_TEXT, .offset = IN_SETTINGS(store_file), .standard = "",
     .shown = "store.db in data",
     .help = "The SQLite file in which applications keep what they give to parley.store; it is made "
             "when something is first kept."},
    {.key = "store.size", .type = OPTION_NUMBER, .offset = IN_SETTINGS(store_size),
     .standard = "64", .lowest = 1, .most = 65536,
     .help = "How many MiB it may have."},
    {.key = "journal.path", .type = OPTION_TEXT, .offset = IN_SETTINGS(journal_path),
     .standard = "", .shown = "journal.jsonl in data", .live = true,
     .help = "The file in which is kept what was asked, who decided it by which line of which "
             "script, and what came of it, for `parley journal` and `parley audit`; beside the "
             "config or with its path."},
    {.key = "journal.size", .type = OPTION_NUMBER, .offset = IN_SETTINGS(journal_size),
     .standard = "16", .lowest = 1, .most = 65536, .live = true,
     .help = "How many MiB it may have; then it becomes journal.jsonl.1, that journal.jsonl.2 and so "
             "on."},
    {.key = "journal.files", .type = OPTION_NUMBER, .offset = IN_SETTINGS(journal_files),
     .standard = "8", .most = 100, .live = true,
     .help = "How many of them there are, the oldest goes; 0: nothing is kept."},
    {.key = "log_level", .flag = "--log-level", .value = "LEVEL", .type = OPTION_LOG_LEVEL,
     .offset = IN_SETTINGS(log_level), .standard = "info", .live = true,
     .help = "What is logged on stderr: error, warn, info or debug."},
    {.key = "audio.agc", .type = OPTION_SWITCH, .offset = IN_SETTINGS(sound.agc),
     .standard = "false", .live = true,
     .help = "Brings soft and loud phones to one level; costs 10 ms of delay. These are for who "
             "joins from now on, unless the conference or its policy says otherwise."},
    {.key = "audio.denoise", .type = OPTION_SWITCH, .offset = IN_SETTINGS(sound.denoise),
     .standard = "false", .live = true,
     .help = "Suppresses steady noise; costs 10 ms of delay, with agc no more than that."},
    {.key = "audio.vad", .type = OPTION_SWITCH, .offset = IN_SETTINGS(sound.vad),
     .standard = "false", .live = true,
     .help = "Judges who speaks by what is a voice, so that loud noise is nobody speaking."},
    {.key = "audio.dtmf", .type = OPTION_TEXT, .offset = IN_SETTINGS(sound.dtmf),
     .standard = "auto", .check = option_check_dtmf, .live = true,
     .help = "Where keys are heard: \"rfc4733\": telephone-events; \"inband\": tones in the audio; "
             "\"auto\": tones when the phone knows no events; \"both\": tones until it sends an "
             "event. Tones are taken out of the mix; looking for them costs 10 ms of delay."},
    {.key = "audio.hold_music", .type = OPTION_TEXT, .offset = IN_SETTINGS(sound.hold_music),
     .standard = "", .live = true,
     .help = "A sound file (WAV, FLAC, Ogg) for who is alone in a conference, or who waits to be let "
             "in, beside the config or with its path; \"music/\", with a slash at its end: the files "
             "of that folder, one after the other; empty: silence."},
    {.key = "audio.hold_music_softer", .type = OPTION_NUMBER, .offset = IN_SETTINGS(sound.softer),
     .standard = "0", .most = 60, .live = true,
     .help = "By how many dB the music is softer than in its files."},
    {.key = "audio.hold_music_shuffle", .type = OPTION_SWITCH,
     .offset = IN_SETTINGS(sound.shuffle), .standard = "false", .live = true,
     .help = "Whether the files of a folder come in an order that is drawn anew at each start of the "
             "server, instead of that of their names."},
    {.key = "prompts.path", .type = OPTION_TEXT, .offset = IN_SETTINGS(prompts_path),
     .standard = "sounds",
     .help = "Directory of your own recordings of prompts, beside the config or with its path: "
             "sounds/welcome.wav is played for \"welcome\" instead of the one that comes with the "
             "server, sounds/de/welcome.wav where German is spoken."},
    {.key = "prompts.language", .type = OPTION_TEXT, .offset = IN_SETTINGS(prompts_language),
     .standard = "en", .check = option_check_language,
     .help = "The language of prompts and of numbers that are said (scripts/language/en.lua). What "
             "is missing in it is said in English."},
    {.key = "recordings.path", .type = OPTION_TEXT, .offset = IN_SETTINGS(recordings),
     .standard = "", .shown = "recordings in the data directory",
     .help = "Directory of what scripts record. Nothing is written elsewhere, and nothing in it is "
             "deleted by the server but what is below temporary/. Servers may share it."},
    {.key = "created.empty_timeout", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(created.empty_timeout), .standard = "0", .most = DAY_S * 1000,
     .live = true,
     .help = "How long a conference that a call has created stays when nobody is left in it. These "
             "are for those that begin from now on, unless the policy says otherwise."},
    {.key = "created.duration", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(created.duration), .standard = "0", .shown = "no limit",
     .most = 7 * DAY_S * 1000, .live = true,
     .help = "How long such a conference may last; then it ends for all. 0: as long as somebody is "
             "in it."},
    {.key = "created.warning", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(created.warning), .standard = "0", .shown = "none",
     .most = DAY_S * 1000, .live = true,
     .help = "How long before that end scripts are told, by the event ending; 0: they are not."},
    {.key = "created.ends_with_creator", .type = OPTION_SWITCH,
     .offset = IN_SETTINGS(created_ends_with_creator), .standard = "false", .live = true,
     .help = "Whether such a conference ends for all when who created it leaves."},
    {.key = "created.patience", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(created_patience), .standard = "60s", .lowest = 1, .most = DAY_S * 1000,
     .live = true,
     .help = "How long a conference that was made with a name of its own waits for the first one to "
             "come in."},
    {.key = "created.gone", .type = OPTION_MILLISECONDS,
     .offset = IN_SETTINGS(created_gone), .standard = "1h", .most = 7 * DAY_S * 1000,
     .live = true,
     .help = "How long after its end the URI of a conference, when the server made it up, is "
             "answered with 410 Gone; later with 404."},
    {.key = "conferences.*.title", .type = OPTION_TEXT, .offset = IN_CONFERENCE(title),
     .standard = "", .live = true, .help = "What phones may show as the conference's name."},
    {.key = "conferences.*.description", .type = OPTION_TEXT,
     .offset = IN_CONFERENCE(description), .standard = "", .live = true, .check = option_check_about,
     .help = "More about it, for phones and who subscribes (SDP i=)."},
    {.key = "conferences.*.web", .type = OPTION_TEXT, .offset = IN_CONFERENCE(web),
     .standard = "", .live = true, .check = option_check_web,
     .help = "Its web page, as in https://example.com/demo (SDP u=)."},
    {.key = "conferences.*.email", .type = OPTION_TEXT, .offset = IN_CONFERENCE(email),
     .standard = "", .live = true, .check = option_check_email,
     .help = "Where to write about it, as in demo@example.com (SDP e=)."},
    {.key = "conferences.*.phone", .type = OPTION_TEXT, .offset = IN_CONFERENCE(phone),
     .standard = "", .live = true, .check = option_check_phone,
     .help = "Its telephone number, as in \"+1 617 555-6011\" (SDP p=)."},
    {.key = "conferences.*.keywords", .type = OPTION_TEXT, .offset = IN_CONFERENCE(keywords),
     .standard = "", .live = true, .check = option_check_about,
     .help = "What it is found by, words separated by blanks."},
    {.key = "conferences.*.policy", .type = OPTION_WORDS, .offset = IN_CONFERENCE(policy),
     .standard = "", .live = true,
     .help = "The conference's own policy, a name or a Lua file, or several in a list: each is asked "
             "about what those before it leave open; empty: the site's alone."},
    {.key = "conferences.*.capacity", .type = OPTION_NUMBER, .offset = IN_CONFERENCE(capacity),
     .standard = "0", .most = 100000, .live = true, .help = "Participants; 0: no limit."},
    {.key = "conferences.*.attendant", .type = OPTION_TEXT, .offset = IN_CONFERENCE(attendant),
     .standard = "", .shown = "as attendant", .live = true,
     .help = "As attendant; \"none\": nobody, whatever stands there."},
    {.key = "conferences.*.language", .type = OPTION_TEXT, .offset = IN_CONFERENCE(language),
     .standard = "", .shown = "as prompts.language", .check = option_check_own_language,
     .live = true,
     .help = "The language of prompts there, for all and for who comes in, unless the policy or the "
             "caller's application says another."},
    {.key = "conferences.*.factory", .type = OPTION_TEXT, .offset = IN_CONFERENCE(factory),
     .standard = "", .shown = "none, it is a conference", .check = option_check_factory, .live = true,
     .help = "Who calls the name gets a new conference, like this one and with a name of its own: "
             "\"answer\" lets the caller in, \"redirect\" sends it there (302). Known callers may, "
             "unless the policy's hook create says otherwise."},
    {.key = "conferences.*.ends_with_creator", .type = OPTION_SWITCH,
     .offset = IN_CONFERENCE(ends_with_creator), .standard = "", .shown = "true", .live = true,
     .help = "Whether a conference that a factory has made ends for all when who called the factory "
             "leaves (RFC 4579)."},
    {.key = "conferences.*.hide_focus", .type = OPTION_SWITCH,
     .offset = IN_CONFERENCE(hide_focus), .standard = "false", .live = true,
     .help = "Whether phones are not told that it is a conference: no isfocus, no subscriptions, no "
             "REFER. For those who call from now on."},
    {.key = "conferences.*.empty_timeout", .type = OPTION_MILLISECONDS,
     .offset = IN_CONFERENCE(life.empty_timeout), .standard = "0", .most = DAY_S * 1000,
     .live = true,
     .help = "As in created; then it waits for its next beginning, and can be called all the "
             "time."},
    {.key = "conferences.*.duration", .type = OPTION_MILLISECONDS,
     .offset = IN_CONFERENCE(life.duration), .standard = "0", .shown = "no limit",
     .most = 7 * DAY_S * 1000, .live = true, .help = "As in created, from when the first one comes."},
    {.key = "conferences.*.warning", .type = OPTION_MILLISECONDS,
     .offset = IN_CONFERENCE(life.warning), .standard = "0", .shown = "none",
     .most = DAY_S * 1000, .live = true, .help = "As in created."},
    {.key = "conferences.*.agc", .type = OPTION_SWITCH, .offset = IN_CONFERENCE(sound.agc),
     .standard = "", .shown = "as audio.agc", .live = true, .help = "As in audio."},
    {.key = "conferences.*.denoise", .type = OPTION_SWITCH, .offset = IN_CONFERENCE(sound.denoise),
     .standard = "", .shown = "as audio.denoise", .live = true, .help = "As in audio."},
    {.key = "conferences.*.vad", .type = OPTION_SWITCH, .offset = IN_CONFERENCE(sound.vad),
     .standard = "", .shown = "as audio.vad", .live = true, .help = "As in audio."},
    {.key = "conferences.*.dtmf", .type = OPTION_TEXT, .offset = IN_CONFERENCE(sound.dtmf),
     .standard = "", .shown = "as audio.dtmf", .check = option_check_own_dtmf, .live = true,
     .help = "As in audio."},
    {.key = "conferences.*.hold_music", .type = OPTION_TEXT,
     .offset = IN_CONFERENCE(sound.hold_music), .standard = "", .shown = "as audio.hold_music",
     .live = true, .help = "As in audio; \"none\": silence, whatever stands there."},
    {.key = "conferences.*.hold_music_softer", .type = OPTION_NUMBER,
     .offset = IN_CONFERENCE(sound.softer), .standard = "0", .most = 60,
     .shown = "as audio.hold_music_softer", .live = true, .help = "As in audio."},
    {.key = "conferences.*.hold_music_shuffle", .type = OPTION_SWITCH,
     .offset = IN_CONFERENCE(sound.shuffle), .standard = "",
     .shown = "as audio.hold_music_shuffle", .live = true, .help = "As in audio."},
    {.key = "conferences.*.options", .type = OPTION_DATA, .offset = IN_CONFERENCE(options),
     .standard = "", .live = true,
     .help = "Plain data for the policy, which reads it as conference.options."},
    {.key = "accounts.*.password", .type = OPTION_TEXT, .offset = IN_ACCOUNT(password),
     .standard = "", .live = true, .check = option_check_password,
     .help = "What the phone proves to know; it is neither sent nor logged."},
    {.key = "accounts.*.ha1", .type = OPTION_LIST, .offset = IN_ACCOUNT(ha1), .standard = "",
     .live = true, .check = option_check_ha1,
     .help = "Instead of a password its hash, H(user:realm:password) in hexadecimal, by MD5 or "
             "SHA-256 or both. The realm is the domain, or parley when there is none."},
    {.key = "accounts.*.name", .type = OPTION_TEXT, .offset = IN_ACCOUNT(name), .standard = "",
     .live = true, .check = option_check_account_name, .help = "The name to show in the roster."},
    {.key = "accounts.*.groups", .type = OPTION_LIST, .offset = IN_ACCOUNT(groups),
     .standard = "", .live = true, .check = option_check_group,
     .help = "Words for the policy, which asks for request.actor.groups.WORD."},
};
/* clang-format on */

enum { OPTION_COUNT = sizeof options / sizeof *options };

const struct option *option_at(unsigned index)
{
    return index < OPTION_COUNT ? &options[index] : NULL;
}

const struct option *option_by_key(const char *key)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].key, key) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const struct option *option_by_flag(const char *flag)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].flag && strcmp(options[i].flag, flag) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

bool option_is_group(const char *key)
{
    size_t length = strlen(key);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strncmp(options[i].key, key, length) == 0 && options[i].key[length] == '.') {
            return true;
        }
    }
    return false;
}

enum option_scope option_scope(const struct option *option)
{
    static const char conferences[] = "conferences.*.";
    static const char accounts[] = "accounts.*.";
    if (strncmp(option->key, conferences, sizeof conferences - 1) == 0) {
        return OPTION_OF_CONFERENCE;
    }
    return strncmp(option->key, accounts, sizeof accounts - 1) == 0 ? OPTION_OF_ACCOUNT
                                                                    : OPTION_OF_SERVER;
}

/* ---- did you mean --------------------------------------------------------------------------- */

/* Whether `candidate` is near enough to be meant, and nearer than all before it. */
static bool is_nearer(const char *name, const char *candidate, unsigned *leastp)
{
    unsigned distance = text_distance(name, candidate);
    if (distance >= *leastp || (size_t)distance * 3 > strlen(candidate) + 1) {
        return false;
    }
    *leastp = distance;
    return true;
}

bool option_suggest_key(const char *prefix, const char *name, char meant[OPTION_NAME_SIZE])
{
    unsigned least = FAR;
    size_t length = strlen(prefix);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strncmp(options[i].key, prefix, length) == 0) {
            const char *rest = options[i].key + length;
            char candidate[OPTION_NAME_SIZE];
            snprintf(candidate, sizeof candidate, "%.*s", (int)strcspn(rest, "."), rest);
            if (is_nearer(name, candidate, &least)) {
                snprintf(meant, OPTION_NAME_SIZE, "%s", candidate);
            }
        }
    }
    return least < FAR;
}

const char *option_suggest_flag(const char *flag)
{
    const char *best = NULL;
    unsigned least = FAR;
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options[i].flag && is_nearer(flag, options[i].flag, &least)) {
            best = options[i].flag;
        }
    }
    return best;
}
