/* A MESSAGE of somebody's (RFC 3428 §7), in the dialog of a call or outside of any. */
#include "sip/agent.h"
#include "sip/caller.h"
#include "sip/dialog.h"
#include "sip/instant.h"
#include "sip/message.h"
#include "sip/receive.h"

#include "core/text.h"

#include <sofia-sip/su_string.h>
#include <string.h>
#include <strings.h>

#define PLAIN_TYPE "text/plain"

/* What is taken apart is told from what an INVITE brings: another Accept (§20.1 of RFC 3261). */
static bool refuse_type(struct incoming *in)
{
    respond(in, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT_STR(PLAIN_TYPE ", " CPIM_TYPE),
            SIPTAG_ACCEPT_ENCODING_STR("identity"), TAG_END());
    return false;
}

/* text/plain in a charset of which UTF-8 is a superset, or is it. */
static bool is_plain(const char *type)
{
    static const size_t length = sizeof PLAIN_TYPE - 1;
    const char *charset = strcasestr(type, "charset=");

    if (strncasecmp(type, PLAIN_TYPE, length) != 0 || !strchr("; \t", type[length])) {
        return false;
    }
    charset = charset ? charset + strlen("charset=") : "utf-8";
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "us-ascii", 8) == 0;
}

/* The line and the paragraph separator of Unicode. */
static bool is_separator(const char *text)
{
    return strncmp(text, "\xe2\x80\xa8", 3) == 0 || strncmp(text, "\xe2\x80\xa9", 3) == 0;
}

/* What is no text is "?"; a line ends with "\n" alone. Blank space at its end is dropped, for it
 * shows nothing. NULL: out of memory. */
static char *clean(su_home_t *home, const char *text, size_t size)
{
    char *copy = su_zalloc(home, (isize_t)size + 1), *kept = copy;

    if (!copy) {
        return NULL;
    }
    memcpy(copy, text, size);
    for (size_t i = 0; i < size;) {
        size_t step = text_printable(copy + i);
        if (is_separator(copy + i)) {
            *kept++ = '\n';
        } else if (step > 0) {
            memmove(kept, copy + i, step);
            kept += step;
        } else if (copy[i] != '\r') {
            *kept++ = (char)(copy[i] == '\n' || copy[i] == '\t' ? copy[i] : '?');
        }
        i += step ? step : 1;
    }
    while (kept > copy && strchr(" \t\n", kept[-1])) {
        kept--;
    }
    *kept = '\0';
    return copy;
}

/* The text of the body, "" for none. NULL: refused. */
static const char *read_text(struct incoming *in, bool *is_cpimp)
{
    const sip_t *sip = in->sip;
    const sip_payload_t *payload = sip->sip_payload;
    const sip_content_type_t *content = sip->sip_content_type;
    const char *type = content
                           ? sip_header_as_string(msg_home(in->msg), (const sip_header_t *)content)
                           : PLAIN_TYPE;
    const char *text = payload ? payload->pl_data : "";
    size_t size = payload ? payload->pl_len : 0;
    char inner[128];

    *is_cpimp = content && su_casematch(content->c_type, CPIM_TYPE);
    if (*is_cpimp && cpim_read(text, size, inner, sizeof inner, &text, &size)) {
        respond_warned(in, 400, "Bad CPIM Message", "Not a message of RFC 3862");
        return NULL;
    }
    if (!type || sip->sip_content_encoding || !is_plain(*is_cpimp ? inner : type)) {
        refuse_type(in);
        return NULL;
    }
    if (size > MESSAGE_TEXT_MOST) {
        respond(in, 413, "Message Too Large", TAG_END());
        return NULL;
    }
    const char *cleaned = clean(msg_home(in->msg), text, size);
    if (!cleaned) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
    }
    return cleaned;
}

/* Neither has a Contact (§7), and a 2xx has no body. */
static void answer(struct incoming *in, const struct dialog *dialog,
                   const struct incoming_message *message)
{
    sip_retry_after_t after[1];

    sip_retry_after_init(after)->af_delta = message->retry_after;
    respond_tagged(in, dialog ? dialog->local->a_tag : NULL, message->code,
                   phrase_of(message->code, message->reason),
                   TAG_IF(message->retry_after, SIPTAG_RETRY_AFTER(after)), TAG_END());
}

void instant_receive(struct dialog *dialog, struct incoming *in)
{
    struct incoming_message message = {.call = dialog ? dialog_call(dialog) : NULL, .code = 200};
    struct call *call = dialog ? dialog_call(dialog) : NULL;
    char id[LOG_ID_SIZE];
    bool is_cpim;

    if (!identify_in_dialog(in, dialog)) {
        return;
    }
    message.text = read_text(in, &is_cpim);
    if (!message.text) {
        return;
    }
    if (call_info_read(&message.from, msg_home(in->msg), in)) {
        respond(in, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
        return;
    }
    log_id_make(in->agent, id);
    message.from.id = call ? call->id : id;
    if (call) {
        call->info.takes_messages = true;
        call->instants.takes_cpim |= is_cpim;
    }
    if (*message.text) {
        in->agent->events->on_message(&message, in->agent->events_arg);
    }
    answer(in, dialog, &message);
}
