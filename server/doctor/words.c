/* Pieces of headers and bodies that name phones and dialogs. */
#include "doctor/private.h"

#include <ctype.h>
#include <string.h>

const char *line_dialog_id(const struct line *line, bool is_local)
{
    const char *own = line_tag(line), *far = line_remote_tag(line);
    return su_sprintf(line->phone->doctor->home, "%s;to-tag=%s;from-tag=%s", line->call_id->i_id,
                      is_local ? own : far, is_local ? far : own);
}

const char *uri_escape(su_home_t *home, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = 3 * strlen(text) + 1, length = 0;
    char *escaped = su_alloc(home, (isize_t)size);
    for (; escaped && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-_.!~*'()", c)) {
            escaped[length++] = (char)c;
        } else {
            escaped[length++] = '%';
            escaped[length++] = digits[c >> 4];
            escaped[length++] = digits[c & 15];
        }
    }
    if (escaped) {
        escaped[length] = '\0';
    }
    return escaped ? escaped : "";
}

const char *in_brackets(su_home_t *home, const char *uri, const char *more)
{
    const char *text = su_sprintf(home, "<%s%s>", uri, more);
    return text ? text : "";
}

const char *resource_list(su_home_t *home, const struct phone *const *phones, unsigned count,
                          const char *more)
{
    const char *entries = "";
    for (unsigned i = 0; i < count && entries; i++) {
        entries = su_sprintf(home, "%s    <entry uri=\"%s%s\"/>\r\n", entries, phones[i]->at, more);
    }
    const char *list = su_sprintf(home,
                                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                                  "<resource-lists "
                                  "xmlns=\"urn:ietf:params:xml:ns:resource-lists\">\r\n"
                                  "  <list>\r\n%s  </list>\r\n</resource-lists>\r\n",
                                  entries ? entries : "");
    return list ? list : "";
}
