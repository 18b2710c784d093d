/* The commands of the program, and their help. */
#include "main/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int run_config(const struct arguments *arguments)
{
    (void)arguments;
    int status = options_print_config(stdout);
    if (status || fflush(stdout)) {
        complain("config: cannot be written: %s", strerror(status ? status : errno));
        return EXIT_RUN_TIME;
    }
    return EXIT_CLEAN;
}

static int run_version(const struct arguments *arguments)
{
    (void)arguments;
    printf("parley %s\n", PARLEY_VERSION);
    return EXIT_CLEAN;
}

static int run_help(const struct arguments *arguments);

static const struct command commands[] = {
    {.name = "serve",
     .operands = "[OPTION…]",
     .summary = "run the conference server",
     .description = "Runs in the foreground, logs on stderr, and prints one line \"parley ready\" "
                    "on stdout when\nit takes calls. SIGTERM and SIGINT end all calls and stop "
                    "it; SIGHUP reloads.",
     .takes_settings = true,
     .takes_config = true,
     .run = command_serve},
    {.name = "check",
     .operands = "[OPTION…] [FILE…]",
     .summary = "check config files and scripts",
     .description = "Tells for each FILE that it is ok, or file and line of what is wrong. "
                    "Without a FILE: the\noptions and the default configuration.",
     .takes_settings = true,
     .takes_config = true,
     .takes_files = true,
     .run = command_check},
    {.name = "test",
     .operands = "[--only TEXT] [--json] [OPTION…] FILE…",
     .summary = "run tests of policies and applications, without a server",
     .description =
         "A FILE has tests, or is a script with self-tests. Each test has a server for itself, "
         "with "
         "phones that it\nmakes and a clock that it moves: see README, \"Testing your scripts\". "
         "Exit code 1: a test has failed;\n2: a file cannot be loaded.",
     .takes_settings = true,
     .takes_config = true,
     .takes_json = true,
     .takes_files = true,
     .flags = {{"--only", "TEXT", "Only the tests whose names contain it."}},
     .run = command_test},
    {.name = "policies",
     .operands = "[--config FILE]",
     .summary = "list the policies that a config can name, and their options",
     .description =
         "Your own, in policy/ beside the config, and those that come with the server. Yours are "
         "taken when\nboth have a name.",
     .takes_config = true,
     .run = command_policies},
    {.name = "prompts",
     .operands = "[--config FILE]",
     .summary = "list what can be said by name: how long it is, its file, its text",
     .description =
         "Your own recordings, and those that come with the server. Tells which cannot be "
         "played, and which\nare missing in the config's language.",
     .takes_config = true,
     .run = command_prompts},
    {.name = "api",
     .operands = "[NAME | luacats | luacheck | markdown | setup DIR]",
     .summary = "tell what scripts can use",
     .description =
         "NAME: one function, class or hook, as in `parley api participant:mute`; without it, "
         "all names.\nluacats: annotations for editors; luacheck: a configuration for that linter; "
         "markdown: the\nreference. setup: writes what an editor and luacheck need into DIR, "
         "beside "
         "your scripts.",
     .takes_files = true,
     .run = command_api},
    {.name = "reload",
     .operands = "[--config FILE] [--data DIR] [--only CONFERENCE | --back CONFERENCE]",
     .summary = "make the running server read its config and scripts anew",
     .description = "Calls go on. When something is wrong the server keeps what it has, and the "
                    "error is shown.",
     .takes_config = true,
     .flags = {{"--only", "CONFERENCE", "Try the scripts, not the config, on this one alone."},
               {"--back", "CONFERENCE", "And no longer."}},
     .run = command_reload},
    {.name = "shadow",
     .operands = "[--config FILE] [--data DIR] [FILE | stop]",
     .summary = "ask a policy beside the live ones what it would decide, and show that",
     .description =
         "With a FILE: from now on, and nothing is done by it; until `parley shadow stop`, a "
         "reload, "
         "or its time.\nWithout: how many requests it would have decided otherwise, which, and by "
         "which lines.",
     .takes_config = true,
     .takes_files = true,
     .flags = {{"--for", "POLICY", "In whose place it is asked; default: of the same name."},
               {"--conference", "NAME", "Only about this one."},
               {"--seconds", "N", "So long."}},
     .run = command_shadow},
    {.name = "pin",
     .operands = "[--config FILE] [--data DIR] CONFERENCE",
     .summary = "let a conference stay with the scripts that it has, whatever is reloaded",
     .description = "`parley status` shows which are pinned.",
     .takes_config = true,
     .takes_files = true,
     .run = command_pin},
    {.name = "unpin",
     .operands = "[--config FILE] [--data DIR] CONFERENCE",
     .summary = "let a pinned conference have the scripts that all others have",
     .description = "At once. When its policy cannot take over what the old one has kept of it, "
                    "the conference stays\nwhere it is, and the error is shown.",
     .takes_config = true,
     .takes_files = true,
     .run = command_unpin},
    {.name = "status",
     .operands = "[--json] [--config FILE] [--data DIR]",
     .summary = "show conferences, participants, scripts and threads",
     .description = "With --json: the same for programs, and more.",
     .takes_config = true,
     .takes_json = true,
     .run = command_status},
    {.name = "invite",
     .operands = "[--config FILE] [--data DIR] CONFERENCE URI",
     .summary = "have the running server call somebody into a conference",
     .description = "Returns when the call has begun; `parley status` and the log say what becomes "
                    "of it.",
     .takes_config = true,
     .takes_files = true,
     .run = command_invite},
    {.name = "run",
     .operands = "[--config FILE] [--data DIR] APPLICATION",
     .summary = "have the running server begin an application without a caller",
     .description =
         "As parley.run does in a script: a campaign, for instance. What comes of it is the "
         "application's to\ntell; the log has its errors. Exit code 1: there is none of that name, "
         "or 64 run already.",
     .takes_config = true,
     .takes_files = true,
     .run = command_application},
    {.name = "create",
     .operands = "[--config FILE] [--data DIR] [FACTORY]",
     .summary = "have the running server make a conference that nobody can guess the name of",
     .description = "Prints the name. Like those of a factory of the config, if one is given. It "
                    "goes again when nobody\ncomes (created.patience).",
     .takes_config = true,
     .takes_files = true,
     .run = command_create},
    {.name = "end",
     .operands = "[--config FILE] [--data DIR] CONFERENCE [REASON]",
     .summary = "end a conference for all who are in it",
     .description = "The reason is told to the phones. A conference of the config begins anew with "
                    "the next call.",
     .takes_config = true,
     .takes_files = true,
     .run = command_end},
    {.name = "remove",
     .operands = "[OPTION…] CONFERENCE NAME[,NAME…], or CONFERENCE --all [--except NAME[,NAME…]]",
     .summary = "put out somebody of a conference, or all but some",
     .description =
         "Each if the policy's hook remove lets the operator. A NAME is a user part, a URI "
         "or an id, as\n`parley status` shows them; when nobody is called so, nobody is put "
         "out. Exit code 1: not all are.",
     .takes_config = true,
     .takes_files = true,
     .flags = {{"--all", NULL, "All who are in, and who are being called."},
               {"--except", "NAME[,NAME…]", "But for these."},
               {"--reason", "TEXT", "What their phones are told."}},
     .run = command_remove},
    {.name = "pending",
     .operands = "[--config FILE] [--data DIR] [CONFERENCE]",
     .summary = "list what waits for somebody's decision",
     .description = "Each with the number by which `parley approve` and `parley refuse` know it.",
     .takes_config = true,
     .takes_files = true,
     .run = command_pending},
    {.name = "approve",
     .operands = "[--config FILE] [--data DIR] NUMBER",
     .summary = "let what waits for a decision be done",
     .description = "As a moderator would. The number is the one that `parley pending` tells.",
     .takes_config = true,
     .takes_files = true,
     .run = command_approve},
    {.name = "refuse",
     .operands = "[--config FILE] [--data DIR] NUMBER [REASON]",
     .summary = "refuse what waits for a decision",
     .description = "Who asked is told the reason.",
     .takes_config = true,
     .takes_files = true,
     .run = command_refuse},
    {.name = "recheck",
     .operands = "[--config FILE] [--data DIR] CONFERENCE",
     .summary = "have the policy asked again about all who are in a conference",
     .description = "Who would not be let in now is put out, who would come in muted is muted, and "
                    "so on. Returns at\nonce; `parley explain` and the log say what becomes of it.",
     .takes_config = true,
     .takes_files = true,
     .run = command_recheck},
    {.name = "explain",
     .operands = "[--json] [--config FILE] [--data DIR] CONFERENCE [LISTENER [TALKER]]",
     .summary = "tell why somebody does not hear another, is muted, or cannot come in",
     .description =
         "Who has asked for it, who decided, by which line of which script, and when. LISTENER and "
         "TALKER are\nuser parts, URIs or ids, as `parley status` shows them. Without a TALKER: "
         "how the LISTENER is in, and\nwhom they hear. Without either: all who are in, and who "
         "was lately refused or put out.",
     .takes_config = true,
     .takes_json = true,
     .takes_files = true,
     .run = command_explain},
    {.name = "journal",
     .operands = "[OPTION…] [CONFERENCE]",
     .summary = "show what was asked, who decided it by which rule, and what came of it",
     .description = "Reads the journal's files: the server need not run. With --json: the lines as "
                    "they are there. Exit\ncode 1: there is no such conference in it.",
     .takes_config = true,
     .takes_json = true,
     .takes_files = true,
     .flags = {{"--since", "TIME", "Only the last 10m, 2h, 7d, or since 2026-11-20T11:26."},
               {"--verb", "NAME", "Only requests of that verb, and events of that name."},
               {"--follow", NULL, "Goes on with what happens from now on."}},
     .run = command_journal},
    {.name = "audit",
     .operands = "[OPTION…] [CONFERENCE]",
     .summary = "show who has let in, muted, removed whom, and by what right",
     .description = "Of the journal the requests that were accepted, but for subscriptions.",
     .takes_config = true,
     .takes_json = true,
     .takes_files = true,
     .flags = {{"--since", "TIME", "Only the last 10m, 2h, 7d, or since 2026-11-20T11:26."},
               {"--verb", "NAME", "Only requests of that verb."}},
     .run = command_audit},
    {.name = "record",
     .operands = "[--with-secrets] [--size MIB] CONFERENCE FILE, or --stop CONFERENCE",
     .summary = "record what is asked and happens in a conference, for parley replay",
     .description = "Until --stop, the end of the conference, or the file is full, as `parley "
                    "status` shows. The file must not be there yet; it "
                    "has who calls, and what\nis asked of the policy. Instead of PINs and secret "
                    "options it has names that stand for them.",
     .takes_config = true,
     .takes_files = true,
     .flags = {{"--stop", NULL, "No longer."},
               {"--with-secrets", NULL, "With PINs and secret options as they are."},
               {"--size", "MIB", "What the file may have; then the recording ends. Default 256."}},
     .run = command_record},
    {.name = "replay",
     .operands = "[OPTION…] FILE",
     .summary = "ask policies again what was asked in a recording, and show where they differ",
     .description = "Nobody is called, and no server need run. The policies are those of the "
                    "recording, as their files are\nnow. Exit codes: 0 all is decided as it was, 1 "
                    "there are differences, 2 it cannot be replayed.",
     .takes_config = true,
     .takes_files = true,
     .flags = {{"--policy", "FILE", "Another site policy than the recorded one."}},
     .run = command_replay},
    {.name = "fact",
     .operands = "[--config FILE] [--data DIR] NAME [VALUE]",
     .summary = "tell the scripts of the running server what they cannot know, or show it",
     .description =
         "Policies read it by parley.fact \"NAME\". The value nil takes it away. Facts outlive "
         "a reload, not the\nserver.",
     .takes_config = true,
     .takes_files = true,
     .run = command_fact},
    {.name = "stop",
     .operands = "[--config FILE] [--data DIR]",
     .summary = "end all calls and stop the running server",
     .description = "Returns when the server has gone.",
     .takes_config = true,
     .run = command_stop},
    {.name = "doctor",
     .operands = "[OPTION…] sip:CONFERENCE@HOST",
     .summary = "examine a focus, anybody's, and tell what of RFC 4579 and RFC 4575 it does",
     .description =
         "Calls the conference as phones would, with phones of its own that it has the focus call, "
         "and prints\na line for each thing that a focus does: pass, fail, not offered, skipped. "
         "Exit codes: 0 nothing\nfails, 1 something does, 2 the focus does not answer.",
     .takes_json = true,
     .takes_files = true,
     .flags = {{"--auth", "USER:PASSWORD", "An account that may do what is examined."},
               {"--factory", "URI", "The conference factory; without it creation is skipped."},
               {"--timeout", "SECONDS", "How long the focus has for each thing; default 5."}},
     .run = command_doctor},
    {.name = "config",
     .operands = "",
     .summary = "print a complete config file with comments",
     .description = "All options with their defaults, to be edited: parley config > parley.lua",
     .run = run_config},
    {.name = "version",
     .operands = "",
     .summary = "print the version",
     .description = "Prints the version.",
     .run = run_version},
    {.name = "help",
     .operands = "[COMMAND]",
     .summary = "show this, or more about a command",
     .description = "The same as parley COMMAND --help.",
     .takes_files = true,
     .run = run_help},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void print_usage(FILE *file)
{
    fputs("Usage: parley COMMAND [OPTION…]\n\n", file);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        fprintf(file, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n`parley COMMAND --help` tells more. Exit codes: 0 done, 1 it failed at run time, 2 "
          "options,\nconfig or script are wrong.\n",
          file);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: parley %s %s\n\n%s\n", command->name, command->operands, command->description);
    if (command->takes_config) {
        printf("\n  --config FILE            %s\n",
               "A config file, in Lua; what follows here has precedence over it.");
    }
    if (command->takes_settings) {
        options_print_help(stdout);
    } else if (command->takes_config) {
        printf("  --data DIR               %s\n",
               "The server's data directory; then the config is not read.");
    }
    for (unsigned i = 0; i < FLAGS_MAX && command->flags[i].name; i++) {
        char head[64];
        snprintf(head, sizeof head, "%s %s", command->flags[i].name,
                 command->flags[i].value ? command->flags[i].value : "");
        printf("%s  %-24s %s\n", i == 0 ? "\n" : "", head, command->flags[i].help);
    }
    if (command->takes_json) {
        printf("  --json                   Print JSON.\n");
    }
}

static int run_help(const struct arguments *arguments)
{
    if (arguments->file_count == 0) {
        print_usage(stdout);
        return EXIT_CLEAN;
    }
    const struct command *command = find_command(arguments->files[0]);
    if (!command) {
        complain("there is no command \"%s\"; see `parley help`", arguments->files[0]);
        return EXIT_WRONG;
    }
    print_command_help(command);
    return EXIT_CLEAN;
}

int main(int argc, char **argv)
{
    terminal_protect();
    if (argc < 2) {
        complain("give a command, as in `parley serve`; see `parley help`");
        return EXIT_WRONG;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    } else if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    const struct command *command = find_command(name);
    if (!command) {
        complain("there is no command \"%s\"; see `parley help`", name);
        return EXIT_WRONG;
    }
    struct arguments arguments;
    int status = EXIT_WRONG;
    if (arguments_parse(argc - 2, argv + 2, command, &arguments)) {
        if (arguments.help) {
            print_command_help(command);
            status = EXIT_CLEAN;
        } else {
            status = command->run(&arguments);
        }
    }
    arguments_free(&arguments);
    return status;
}
