/* The dialogs of a conference in the words of RFC 4235 §4, as its focus has them. */
#include "state/private.h"

#include <stdio.h>

/* §3.7.1: why it is over. */
static const char *event_of(const struct participant *participant,
                            const struct departure *departure)
{
    static const char *const events[] = {
        [DEPARTED] = "remote-bye",
        [BOOTED] = "local-bye",
        [FAILED] = "error",
        [REPLACED] = "replaced",
    };

    if (departure->method == REPLACED)
        return events[REPLACED];
    if (departure->method == FAILED && departure->code == 408)
        return "timeout";
    if (participant_joined_at(participant) == 0)
        return departure->method == BOOTED ? "cancelled" : "rejected";
    return events[departure->method];
}

/* §3.7.1: where it is. */
static const char *state_of(const struct participant *participant)
{
    if (participant_has_joined(participant))
        return "confirmed";
    if (*participant_call(participant)->dialog.remote_tag)
        return "early";
    return participant_is_alerting(participant) ? "proceeding" : "trying";
}

static void write_state(struct xml *xml, const struct participant *participant,
                        const struct departure *departure)
{
    xml_open(xml, "state");
    if (departure)
        xml_attribute(xml, "event", event_of(participant, departure));
    xml_text(xml, departure ? "terminated" : state_of(participant));
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

/* What Join and Replaces name it by. Phones write their address into it. */
static void write_names(struct xml *xml, const struct call_info *call)
{
    xml_attribute(xml, "call-id", call->dialog.call_id);
    xml_attribute(xml, "local-tag", call->dialog.local_tag);
    if (!call->is_outgoing || *call->dialog.remote_tag)
        xml_attribute(xml, "remote-tag", call->dialog.remote_tag);
}

char *dialog_write(const struct participant *participant, const struct departure *departure)
{
    const struct call_info *call = participant_call(participant);
    struct xml xml;

    xml_start(&xml);
    xml_open(&xml, "dialog");
    xml_attribute(&xml, "id", call->id);
    if (!participant_anonymous(participant))
        write_names(&xml, call);
    xml_attribute(&xml, "direction", call->is_outgoing ? "initiator" : "recipient");
    write_state(&xml, participant, departure);
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
