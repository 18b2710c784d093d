#include "options.h"

#include "sip_text.h"
#include "tone.h"
#include "voice.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "parley-load: loads a SIP conference server with callers and says how well it does.\n"
    "\n"
    "  parley-load --target sip:HOST:PORT [options]      N legs talk and listen for S seconds\n"
    "  parley-load --churn --target sip:HOST:PORT …      the same, joining and leaving at random\n"
    "  parley-load --calls --target sip:HOST:PORT …      INVITE, ACK, BYE without media\n"
    "  parley-load --reflect --target sip:HOST:PORT      be the floor: answer there, reflect RTP\n"
    "  parley-load --floor …                             load a reflector of our own only\n"
    "\n"
    "Options\n"
    "  --target sip:HOST:PORT  the server, UDP, IP literal\n"
    "  --domain NAME           host of the conference URIs (default: that of the target)\n"
    "  --prefix NAME           conferences are NAME0, NAME1 … (default bench)\n"
    "  --conferences C         (default 1)\n"
    "  --legs N                legs in all, spread evenly over the conferences (default 10)\n"
    "  --talkers K             legs that talk in each conference, at most 16 (default 3)\n"
    "  --background WHAT       what the others send: silence (default), noise (-60 dBFS), none, "
    "or\n"
    "                          with opus, pause: a packet in 400 ms that says so (DTX)\n"
    "  --codec NAME            pcmu (default), g722 or opus, 20 ms. With the latter two no delay\n"
    "                          is measured, and only the first 16 legs check what they hear\n"
    "  --seconds S             how long to measure once all are up (default 10)\n"
    "  --settle S              between the last answer and the measuring (default 2); in --churn\n"
    "                          between the last BYE and reading the server's memory again\n"
    "  --rate R                calls a second at set-up, and with --calls (default 100)\n"
    "  --local ADDR            own address (default 127.0.0.1, ::1); may be given 8 times\n"
    "  --share L               legs on one RTP socket of ours (default 128); they are told apart\n"
    "                          by the port that the server sends from\n"
    "  --pid PID               the server's process: measure its CPU time and memory\n"
    "  --floor                 load a reflector first, with the same legs, and print the ratio\n"
    "  --json                  one JSON object on stdout instead of text\n"
    "  --max-loss PERCENT      packets that may be missing (default 0)\n"
    "  --min-packets P         packets a second that each leg must get (default 49.5)\n"
    "  --level-tolerance DB    how far a talker's level may be off (default 1)\n"
    "  --no-hearing            do not check who hears whom\n"
    "\n"
    "How it measures\n"
    "  Where it may (root), it gives itself a priority of nice -15, above the server's threads,\n"
    "  and its reflector one of -11.\n"
    "  Packets leave evenly spread over the 20 ms. Arrival times are the kernel's, so our own\n"
    "  reading (in batches) does not blur them; how late we sent is printed as `generator`.\n"
    "  hearing: each talker of a conference has a tone of its own. Once a second, each leg takes\n"
    "    100 ms of what it hears apart (Goertzel): every other talker must be there with the\n"
    "    level that was sent, and its own tone must be 20 dB below. One bad window in ten is\n"
    "    forgiven (but counted). SINAD is all tones together against the rest.\n"
    "  added delay: once a second all talkers of a conference fall silent, and one of them\n"
    "    begins again with the first sample of a packet, at full level. A listener looks for the\n"
    "    first loud sample after 20 ms of silence: when its packet came, plus its place in the\n"
    "    packet, minus when the talker's packet was sent. Mouth to ear is this plus the 20 ms\n"
    "    that the talker needs to fill a packet; the listener's own jitter buffer is not in it.\n"
    "    An onset that is not that of the right tone is counted apart. A delay\n"
    "    depends on when in the server's 20 ms a talker sends: one conference with 3 talkers\n"
    "    shows three such moments, many conferences show all.\n"
    "  gap: time between two packets of one leg. loss: missing sequence numbers. packets a\n"
    "    second: counted, so a server that numbers fewer packets in a row is found out.\n"
    "  CPU: user and system time of all threads of the process. Memory: private pages of the\n"
    "    process with all legs up, minus those before the first call.\n"
    "  floor: a process of its own, one thread, a socket a leg; each 20 ms one recvfrom and one\n"
    "    sendto a leg, and nothing else.\n"
    "\n"
    "Exit: 0 all well, 1 a leg failed, lost packets or did not hear somebody, 2 wrong options.\n";

enum option_code {
    OPTION_TARGET = 256,
    OPTION_DOMAIN,
    OPTION_PREFIX,
    OPTION_CONFERENCES,
    OPTION_LEGS,
    OPTION_TALKERS,
    OPTION_BACKGROUND,
    OPTION_CODEC,
    OPTION_SECONDS,
    OPTION_SETTLE,
    OPTION_RATE,
    OPTION_LOCAL,
    OPTION_SHARE,
    OPTION_PID,
    OPTION_FLOOR,
    OPTION_JSON,
    OPTION_MAX_LOSS,
    OPTION_MIN_PACKETS,
    OPTION_LEVEL_TOLERANCE,
    OPTION_NO_HEARING,
    OPTION_CHURN,
    OPTION_CALLS,
    OPTION_REFLECT,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"target", required_argument, NULL, OPTION_TARGET},
    {"domain", required_argument, NULL, OPTION_DOMAIN},
    {"prefix", required_argument, NULL, OPTION_PREFIX},
    {"conferences", required_argument, NULL, OPTION_CONFERENCES},
    {"legs", required_argument, NULL, OPTION_LEGS},
    {"talkers", required_argument, NULL, OPTION_TALKERS},
    {"background", required_argument, NULL, OPTION_BACKGROUND},
    {"codec", required_argument, NULL, OPTION_CODEC},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"settle", required_argument, NULL, OPTION_SETTLE},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"local", required_argument, NULL, OPTION_LOCAL},
    {"share", required_argument, NULL, OPTION_SHARE},
    {"pid", required_argument, NULL, OPTION_PID},
    {"floor", no_argument, NULL, OPTION_FLOOR},
    {"json", no_argument, NULL, OPTION_JSON},
    {"max-loss", required_argument, NULL, OPTION_MAX_LOSS},
    {"min-packets", required_argument, NULL, OPTION_MIN_PACKETS},
    {"level-tolerance", required_argument, NULL, OPTION_LEVEL_TOLERANCE},
    {"no-hearing", no_argument, NULL, OPTION_NO_HEARING},
    {"churn", no_argument, NULL, OPTION_CHURN},
    {"calls", no_argument, NULL, OPTION_CALLS},
    {"reflect", no_argument, NULL, OPTION_REFLECT},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("parley-load: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("; see --help\n", stderr);
    return false;
}

static const char *option_name(int code)
{
    for (const struct option *option = long_options; option->name != NULL; option++)
        if (option->val == code)
            return option->name;
    return "?";
}

static bool take_number(int code, const char *text, double low, double high, double *numberp)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !(number >= low && number <= high))
        return wrong("--%s %s: must be a number from %g to %g", option_name(code), text, low, high);
    *numberp = number;
    return true;
}

static bool take_count(int code, const char *text, unsigned low, unsigned high, unsigned *countp)
{
    double number = 0;

    if (!take_number(code, text, low, high, &number))
        return false;
    if (number != (unsigned)number)
        return wrong("--%s %s: must be a whole number", option_name(code), text);
    *countp = (unsigned)number;
    return true;
}

static bool take_target(struct options *options, const char *text)
{
    const char *address = strncmp(text, "sip:", 4) == 0 ? text + 4 : text;

    if (!address_parse(address, &options->target) || address_port(&options->target) == 0)
        return wrong("--target %s: must be sip:HOST:PORT with an IP literal", text);
    options->has_target = true;
    return true;
}

/* What goes into a URI: nothing there needs escaping. */
static bool take_word(int code, const char *text, char *word, size_t size)
{
    if (text[0] == '\0' || strlen(text) >= size)
        return wrong("--%s %s: must have 1 to %zu characters", option_name(code), text, size - 1);
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.[]:", *c) == NULL)
            return wrong("--%s %s: letters, digits, - _ . only", option_name(code), text);
    memcpy(word, text, strlen(text) + 1);
    return true;
}

static bool take_background(struct options *options, const char *text)
{
    static const char *const names[] = {"silence", "noise", "none", "pause"};

    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            options->background = (enum background)i;
            return true;
        }
    }
    return wrong("--background %s: must be silence, noise, none or pause", text);
}

static bool take_local(struct options *options, const char *text)
{
    if (options->local_count == LOCALS_MAX)
        return wrong("--local %s: at most %d addresses", text, LOCALS_MAX);
    if (!address_parse(text, &options->locals[options->local_count]))
        return wrong("--local %s: must be an IP literal", text);
    options->local_count++;
    return true;
}

static bool take_pid(struct options *options, const char *text)
{
    unsigned pid = 0;

    if (!take_count(OPTION_PID, text, 1, 1U << 22, &pid))
        return false;
    options->pid = (pid_t)pid;
    return true;
}

static bool take_mode(struct options *options, int code)
{
    enum mode mode = code == OPTION_CHURN   ? MODE_CHURN
                     : code == OPTION_CALLS ? MODE_CALLS
                                            : MODE_REFLECT;

    if (options->mode != MODE_LOAD && options->mode != mode)
        return wrong("--churn, --calls and --reflect exclude each other");
    options->mode = mode;
    return true;
}

static bool take(struct options *options, int code, const char *text)
{
    switch (code) {
    case OPTION_TARGET:
        return take_target(options, text);
    case OPTION_DOMAIN:
        return take_word(code, text, options->domain, sizeof(options->domain));
    case OPTION_PREFIX:
        return take_word(code, text, options->prefix, sizeof(options->prefix));
    case OPTION_CONFERENCES:
        return take_count(code, text, 1, 20000, &options->conferences);
    case OPTION_LEGS:
        return take_count(code, text, 1, 20000, &options->legs);
    case OPTION_TALKERS:
        return take_count(code, text, 0, TONES_MAX, &options->talkers);
    case OPTION_BACKGROUND:
        return take_background(options, text);
    case OPTION_CODEC:
        options->codec = voice_find(text);
        return options->codec != NULL || wrong("--codec %s: must be pcmu, g722 or opus", text);
    case OPTION_SECONDS:
        return take_number(code, text, 1, 86400, &options->seconds);
    case OPTION_SETTLE:
        return take_number(code, text, 0, 600, &options->settle);
    case OPTION_RATE:
        return take_number(code, text, 1, 100000, &options->rate);
    case OPTION_LOCAL:
        return take_local(options, text);
    case OPTION_SHARE:
        return take_count(code, text, 1, 4096, &options->share);
    case OPTION_PID:
        return take_pid(options, text);
    case OPTION_MAX_LOSS:
        return take_number(code, text, 0, 100, &options->max_loss);
    case OPTION_MIN_PACKETS:
        return take_number(code, text, 0, 50, &options->min_packets);
    case OPTION_LEVEL_TOLERANCE:
        return take_number(code, text, 0.01, 60, &options->level_tolerance);
    case OPTION_CHURN:
    case OPTION_CALLS:
    case OPTION_REFLECT:
        return take_mode(options, code);
    case OPTION_FLOOR:
        options->floor = true;
        return true;
    case OPTION_JSON:
        options->json = true;
        return true;
    case OPTION_NO_HEARING:
        options->hear = false;
        return true;
    default:
        return wrong("that is no option");
    }
}

/* What only shows when all options are known. */
static bool complete(struct options *options)
{
    char ip[64];

    if (!options->has_target && !(options->floor && options->mode == MODE_LOAD))
        return wrong("--target is missing");
    if (options->floor && options->mode != MODE_LOAD)
        return wrong("--floor has no meaning with --churn, --calls or --reflect");
    if (options->background == BACKGROUND_PAUSE && options->codec != voice_find("opus"))
        return wrong("--background pause is for opus only");
    options->floor_only = !options->has_target;
    if (options->conferences > options->legs && options->mode != MODE_CALLS)
        return wrong("--conferences %u: there are only %u legs", options->conferences,
                     options->legs);
    if (options->local_count == 0) {
        bool v6 = options->has_target && options->target.ss_family == AF_INET6;

        (void)address_parse(v6 ? "::1" : "127.0.0.1", &options->locals[options->local_count++]);
    }
    for (unsigned i = 0; i < options->local_count; i++)
        if (options->has_target && options->locals[i].ss_family != options->target.ss_family)
            return wrong("--local and --target must be of one IP version");
    if (options->domain[0] == '\0') {
        address_ip(options->has_target ? &options->target : &options->locals[0], ip, sizeof(ip));
        (void)snprintf(options->domain, sizeof(options->domain),
                       strchr(ip, ':') != NULL ? "[%s]" : "%s", ip);
    }
    return true;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
    int code;

    *options = (struct options){
        .hear = true,
        .prefix = "bench",
        .codec = voice_find("pcmu"),
        .conferences = 1,
        .legs = 10,
        .talkers = 3,
        .share = 128,
        .seconds = 10,
        .rate = 100,
        .settle = 2,
        .min_packets = 49.5,
        .level_tolerance = 1,
    };
    while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (code == OPTION_HELP) {
            fputs(help, stdout);
            return OPTIONS_HELP;
        }
        if (code == '?' || !take(options, code, optarg))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        (void)wrong("%s: that is no option", argv[optind]);
        return OPTIONS_WRONG;
    }
    return complete(options) ? OPTIONS_RUN : OPTIONS_WRONG;
}
