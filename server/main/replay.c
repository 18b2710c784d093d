/* `parley replay`: what was asked in a recording, asked again. */
#include "main/commands.h"

#include "replay/replay.h"

#include <inttypes.h>
#include <stdio.h>

enum { ERROR_MAX = 1024 };

/* Of `arguments->values`. */
enum { POLICY };

int command_replay(const struct arguments *arguments)
{
    struct replay_result result;
    char error[ERROR_MAX];
    if (arguments->file_count != 1) {
        complain("replay: give the file that `parley record` has made");
        return EXIT_WRONG;
    }
    struct replay_config config = {
        .file = arguments->files[0],
        .site_policy = arguments->values[POLICY],
        .config_file = arguments->config,
        .out = stdout,
    };
    log_set_level(LOG_LEVEL_ERROR);
    if (replay_run(&config, &result, error, sizeof error)) {
        complain("%s", error);
        return EXIT_WRONG;
    }
    printf("%u request%s asked again, %u difference%s\n", result.requests,
           result.requests == 1 ? "" : "s", result.differences, result.differences == 1 ? "" : "s");
    if (result.elsewhere > 0) {
        printf("%u decided as they were, but by another line\n", result.elsewhere);
    }
    if (result.unreadable > 0) {
        printf("%u line%s of the recording cannot be read\n", result.unreadable,
               result.unreadable == 1 ? "" : "s");
    }
    if (result.lost > 0) {
        printf("%" PRIu64 " lines are missing in the recording, which the disk was too slow for\n",
               result.lost);
    }
    if (result.was_full) {
        printf("the recording ends where it was full\n");
    }
    if (result.left_out > 0) {
        printf("%u left out: what they are about is not in a replay\n", result.left_out);
    }
    return result.differences > 0 ? EXIT_RUN_TIME : EXIT_CLEAN;
}
