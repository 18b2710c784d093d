/* `parley api`: what scripts can use, for people, editors and luacheck. */
#include "main/commands.h"

#include "lua/lua_engine.h"

#include <errno.h>
#include <stdio.h>

int command_api(const struct arguments *arguments)
{
    char error[1024];
    int status =
        lua_api_print(arguments->files, arguments->file_count, stdout, error, sizeof error);

    if (!status && fflush(stdout))
        status = EIO;
    if (status == EIO)
        complain("api: cannot be written");
    else if (status)
        complain("api: %s", error);
    return !status ? EXIT_CLEAN : status == EINVAL ? EXIT_WRONG : EXIT_RUN_TIME;
}
