/* What the focus wants of a call: under which name, and with which media. */
#include "sip/offer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_named(const struct codec_format *format, const char *name, size_t length)
{
    return strncasecmp(format->name, name, length) == 0 && format->name[length] == '\0';
}

/* What stands beside the codecs, keys and comfort noise, is not chosen by name. */
static int choose_codecs(struct terms *terms, const struct sip_agent *agent)
{
    const char *name = terms->how.codecs;
    terms->codecs = su_zalloc(terms->home, (isize_t)(agent->codec_count * sizeof *terms->codecs));
    if (!terms->codecs) {
        return ENOMEM;
    }
    for (name += strspn(name, " "); *name; name += strspn(name, " ")) {
        size_t length = strcspn(name, " ");
        unsigned before = terms->codec_count;
        for (unsigned i = 0; i < agent->codec_count; i++) {
            if (sdp_is_codec(&agent->codecs[i]) && is_named(&agent->codecs[i], name, length) &&
                terms->codec_count < agent->codec_count) {
                terms->codecs[terms->codec_count++] = agent->codecs[i];
            }
        }
        if (terms->codec_count == before) {
            return EINVAL;
        }
        name += length;
    }
    for (unsigned i = 0; i < agent->codec_count && terms->codec_count < agent->codec_count; i++) {
        if (!sdp_is_codec(&agent->codecs[i])) {
            terms->codecs[terms->codec_count++] = agent->codecs[i];
        }
    }
    return 0;
}

static int copy_texts(struct terms *terms, const struct answer *from)
{
    struct answer *how = &terms->how;
    const char **texts[] = {&how->contact_user,      &how->codecs,        &how->cascade,
                            &how->about.description, &how->about.web,     &how->about.email,
                            &how->about.phone,       &how->about.keywords};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = su_strdup(terms->home, *texts[i] ? *texts[i] : "");
        if (!*texts[i]) {
            return ENOMEM;
        }
    }
    how->subject = su_strdup(terms->home, from->subject ? from->subject : "-");
    return how->subject ? 0 : ENOMEM;
}

int terms_create(const struct sip_agent *agent, const struct answer *how, struct terms **termsp)
{
    struct terms *terms = su_home_new(sizeof *terms);
    int error;

    if (!terms) {
        return ENOMEM;
    }
    terms->how = *how;
    error = copy_texts(terms, how);
    if (!error && *terms->how.codecs) {
        error = choose_codecs(terms, agent);
    }
    if (error) {
        terms_free(terms);
        return error;
    }
    *termsp = terms;
    return 0;
}

void terms_free(struct terms *terms)
{
    if (terms) {
        su_home_unref(terms->home);
    }
}

void terms_apply(struct call *call, const struct terms *terms)
{
    const struct sip_agent *agent = call->agent;
    struct sdp_local *local = &call->local;

    local->media = terms->how.media;
    local->subject = terms->how.subject;
    local->about = terms->how.about;
    local->direction = (enum stream_direction)(STREAM_SENDRECV & ~terms->how.withheld);
    local->codecs = terms->codecs ? terms->codecs : agent->codecs;
    local->codec_count = terms->codecs ? terms->codec_count : agent->codec_count;
}

void terms_settle(struct call *call, struct terms *terms)
{
    terms_apply(call, terms);
    terms_free(call->terms);
    call->terms = terms;
}
