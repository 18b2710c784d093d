/* The dialogs of a conference in the words of RFC 4235 §4, as its focus has them. */
#include "state/private.h"

#include <stdio.h>

/* §3.7.1 */
static void write_state(struct xml *xml, const struct departure *departure)
{
    static const char *const events[] = {
        [DEPARTED] = "remote-bye", [BOOTED] = "local-bye", [FAILED] = "error"};

    xml_open(xml, "state");
    if (departure) {
        bool is_timeout = departure->method == FAILED && departure->code == 408;
        xml_attribute(xml, "event", is_timeout ? "timeout" : events[departure->method]);
    }
    xml_text(xml, departure ? "terminated" : "confirmed");
    xml_close(xml);
}

static void write_remote(struct xml *xml, const struct participant *participant)
{
    const struct call_info *call = participant_call(participant);

    xml_open(xml, "remote");
    xml_open(xml, "identity");
    if (*call->caller.display_name)
        xml_attribute(xml, "display-name", call->caller.display_name);
    xml_text(xml, call->caller.uri);
    xml_close(xml);
    xml_open(xml, "target");
    xml_attribute(xml, "uri", call->contact);
    xml_close(xml);
    xml_close(xml);
}

char *dialog_write(const struct participant *participant, const struct departure *departure)
{
    const struct call_info *call = participant_call(participant);
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "dialog");
    xml_attribute(&xml, "id", call->id);
    xml_attribute(&xml, "call-id", call->dialog.call_id);
    xml_attribute(&xml, "local-tag", call->dialog.local_tag);
    xml_attribute(&xml, "remote-tag", call->dialog.remote_tag);
    xml_attribute(&xml, "direction", "recipient");
    write_state(&xml, departure);
    if (!participant_anonymous(participant))
        write_remote(&xml, participant);
    xml_close(&xml);
    return xml_finish(&xml);
}

char *dialog_write_head(const char *entity, const char *state, unsigned version)
{
    struct xml xml;

    xml_start(&xml);
    xml_raw(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml_open(&xml, "dialog-info");
    xml_attribute(&xml, "xmlns", "urn:ietf:params:xml:ns:dialog-info");
    xml_number(&xml, "version", version);
    xml_attribute(&xml, "state", state);
    xml_uri_attribute(&xml, "entity", entity);
    xml_text(&xml, "");
    return xml_finish(&xml);
}
