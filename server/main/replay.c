#include "main/commands.h"
int command_replay(const struct arguments *arguments){(void)arguments;return EXIT_WRONG;}
