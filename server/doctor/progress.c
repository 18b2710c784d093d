/* How a REFER goes on: its NOTIFYs (RFC 3515 §2.4.4, §2.4.5). */
#include "doctor/private.h"

#include <stdio.h>
#include <string.h>

static void complain(struct progress *progress, const char *text)
{
    if (!progress->wrong[0]) {
        snprintf(progress->wrong, sizeof progress->wrong, "%s", text);
    }
}

/* The status code of a message/sipfrag (RFC 3420); 0: it has no status line. */
static int fragment_status(const sip_t *notify)
{
    int status = 0;
    char line[16] = "";
    if (notify->sip_payload) {
        snprintf(line, sizeof line, "%.*s", (int)notify->sip_payload->pl_len,
                 notify->sip_payload->pl_data);
    }
    return sscanf(line, "SIP/2.0 %3d", &status) == 1 ? status : 0;
}

static void take(struct progress *progress, const sip_t *notify)
{
    const sip_content_type_t *type = notify->sip_content_type;
    int status = fragment_status(notify);

    progress->notifies++;
    progress->is_over = notify_is_last(notify);
    if (!notify->sip_subscription_state) {
        complain(progress, "a NOTIFY without Subscription-State");
    } else if (!type || !su_casematch(type->c_type, "message/sipfrag")) {
        complain(progress, "a NOTIFY whose body is not message/sipfrag");
    } else if (status == 0) {
        complain(progress, "a NOTIFY whose sipfrag does not begin with a status line");
    } else {
        progress->first = progress->first ? progress->first : status;
        progress->last = status;
    }
}

void line_follow(struct line *line, const char *id, struct progress *progress)
{
    *progress = (struct progress){0};
    while (!progress->is_over) {
        const sip_t *notify = line_await_notify(line, "refer", id);
        if (!notify) {
            complain(progress, progress->notifies == 0
                                   ? "no NOTIFY"
                                   : "no NOTIFY with Subscription-State: terminated");
            return;
        }
        take(progress, notify);
    }
    if (progress->last < 200) {
        complain(progress, "the last NOTIFY has no final status");
    }
}
