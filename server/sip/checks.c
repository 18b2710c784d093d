/* What every request must keep to, in the order of RFC 3261 §8.2. What nta's parser finds broken
 * never comes here: it answers 400 itself. */
#include "sip/dialog.h"
#include "sip/message.h"

#include <sofia-sip/su_string.h>

bool contact_is_usable(const sip_contact_t *contact)
{
    const url_t *url = contact ? contact->m_url : NULL;
    return url && (url->url_type == url_sip || url->url_type == url_sips) && url->url_host &&
           url->url_host[0] != '\0';
}

/* §8.2.1: a method that we know of and do not serve is 405, any other 501 (§21.5.2). */
static bool check_method(struct incoming *in)
{
    int status = nta_check_method(NULL, in->sip, in->agent->allow, TAG_END());
    if (status) {
        respond(in, status, NULL, SIPTAG_ALLOW(in->agent->allow), TAG_END());
    }
    return status == 0;
}

/* §8.2.2.3. Support is that of the extensions in our Supported; some begin a dialog only. */
static bool check_required(struct incoming *in)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    const sip_supported_t *supported =
        in->sip->sip_to->a_tag ? in->agent->supported_later : in->agent->supported;
    sip_unsupported_t *unsupported =
        in->sip->sip_require ? sip_has_unsupported(home, supported, in->sip->sip_require) : NULL;
    if (unsupported) {
        respond(in, SIP_420_BAD_EXTENSION, SIPTAG_UNSUPPORTED(unsupported),
                SIPTAG_SUPPORTED(supported), TAG_END());
    }
    su_home_deinit(home);
    return !unsupported;
}

bool check_request(struct incoming *in)
{
    if (!check_method(in)) {
        return false;
    }
    /* Without TLS there is nothing that we could promise to a sips URI (§26.2.2). */
    if (in->sip->sip_request->rq_url->url_type != url_sip) {
        respond(in, SIP_416_UNSUPPORTED_URI, TAG_END());
        return false;
    }
    return check_required(in) && check_named_dialog(in);
}

/* §8.2.3 and §20.1: for requests whose body is an offer and whose answer carries one. */
bool check_body(struct incoming *in)
{
    if (nta_check_session_content(NULL, in->sip, in->agent->accept, TAG_END())) {
        if (in->sip->sip_content_encoding) {
            respond(in, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT(in->agent->accept_bodies),
                    SIPTAG_ACCEPT_ENCODING_STR("identity"), TAG_END());
        } else {
            respond(in, SIP_415_UNSUPPORTED_MEDIA, SIPTAG_ACCEPT(in->agent->accept_bodies),
                    TAG_END());
        }
        return false;
    }
    if (nta_check_accept(NULL, in->sip, in->agent->accept, NULL, TAG_END())) {
        respond(in, SIP_406_NOT_ACCEPTABLE, SIPTAG_ACCEPT(in->agent->accept), TAG_END());
        return false;
    }
    return true;
}

/* §8.1.1.8: exactly one SIP URI, which is where the dialog's requests will go. */
bool check_contact(struct incoming *in, bool required)
{
    const sip_contact_t *contact = in->sip->sip_contact;
    if (!contact && !required) {
        return true;
    }
    if (!contact) {
        respond(in, 400, "Missing Contact Header", TAG_END());
        return false;
    }
    if (contact->m_next || !contact_is_usable(contact)) {
        respond(in, 400, "Bad Contact Header", TAG_END());
        return false;
    }
    return true;
}
