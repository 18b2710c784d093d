/* `parley doctor`: its options, and how it ends. */
#include "doctor/doctor.h"
#include "main/commands.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5000, TIMEOUT_MAX = 60 /* s */ };

enum { FLAG_AUTH, FLAG_FACTORY, FLAG_TIMEOUT }; /* as in the table of commands */

/* False: it is no time. */
static bool read_timeout(const char *text, unsigned *msp)
{
    char *rest = NULL;
    double seconds = text ? strtod(text, &rest) : 0;
    if (!text) {
        *msp = TIMEOUT_MS;
        return true;
    }
    if (!isdigit((unsigned char)*text) || *rest || !(seconds >= 0.1 && seconds <= TIMEOUT_MAX)) {
        return false;
    }
    *msp = (unsigned)(seconds * 1000);
    return true;
}

int command_doctor(const struct arguments *arguments)
{
    char error[1024] = "";
    struct doctor_config config = {.auth = arguments->values[FLAG_AUTH],
                                   .factory = arguments->values[FLAG_FACTORY],
                                   .json = arguments->json};
    if (arguments->file_count != 1) {
        complain("doctor: give the URI of a conference, as in `parley doctor sip:demo@192.0.2.7`");
        return EXIT_WRONG;
    }
    config.conference = arguments->files[0];
    if (!read_timeout(arguments->values[FLAG_TIMEOUT], &config.timeout)) {
        complain("--timeout must be a time from 0.1 to %d s, not \"%s\"", TIMEOUT_MAX,
                 arguments->values[FLAG_TIMEOUT]);
        return EXIT_WRONG;
    }
    switch (doctor_run(&config, error, sizeof error)) {
    case DOCTOR_HEALTHY:
        return EXIT_CLEAN;
    case DOCTOR_ILL:
        return EXIT_RUN_TIME;
    case DOCTOR_NOT_IN:
        break;
    }
    complain("doctor: %s", error);
    return EXIT_WRONG;
}
