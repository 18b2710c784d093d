#include "doctor/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [PASSED] = "pass",     [FAILED] = "fail", [NOT_OFFERED] = "not offered",
    [SKIPPED] = "skipped", [NOTED] = "info",
};

int report_begin(struct report *report, const struct doctor *doctor)
{
    *report = (struct report){.is_json = doctor->config->json};
    report->entries = report->is_json ? json_array() : NULL;
    return report->is_json && !report->entries ? ENOMEM : 0;
}

void report_add(struct report *report, const struct check *check, enum verdict verdict,
                const char *seen)
{
    report->counts[verdict]++;
    if (report->is_json) {
        json_array_append_new(report->entries,
                              json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", check->id, "what",
                                        check->what, "source", check->source, "result",
                                        names[verdict], "seen", seen));
        return;
    }
    printf("%-12s %-20s %s (%s)\n", names[verdict], check->id, check->what, check->source);
    if (*seen) {
        printf("%-12s %-20s   %s\n", "", "", seen);
    }
    fflush(stdout);
}

bool report_end(struct report *report, const struct doctor *doctor)
{
    const unsigned *counts = report->counts;
    if (report->is_json) {
        json_t *all = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "conference",
                                doctor->config->conference, "server", doctor->server, "passed",
                                (int)counts[PASSED], "failed", (int)counts[FAILED], "not_offered",
                                (int)counts[NOT_OFFERED], "skipped", (int)counts[SKIPPED], "info",
                                (int)counts[NOTED], "checks", report->entries);
        if (all) {
            json_dumpf(all, stdout, JSON_INDENT(2));
            json_decref(all);
        }
        putchar('\n');
    } else {
        printf("\n%s%s%s: %u pass, %u fail, %u not offered, %u skipped\n",
               doctor->config->conference, doctor->server[0] ? ", " : "", doctor->server,
               counts[PASSED], counts[FAILED], counts[NOT_OFFERED], counts[SKIPPED]);
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}
