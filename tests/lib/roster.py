"""What a subscriber knows: it applies the documents of the conference package as RFC 4575 §4.6 says,
and those of the dialog package as RFC 4235 §4.3 says. Every document is checked against the schema.
"""

import copy
import xml.etree.ElementTree as ElementTree

import schema

CONFERENCE = "{urn:ietf:params:xml:ns:conference-info}"
DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
KEYS = {"user": "entity", "endpoint": "entity", "media": "id", "entry": "entity"}  # RFC 4575 §4.5


def tag_of(element):
    return element.tag.rpartition("}")[2]


def canonical(element):
    """The element without `state`, and without the order of what has keys."""
    attributes = {key: value for key, value in element.attrib.items() if key != "state"}
    children = [canonical(child) for child in element]
    if any(tag_of(child) in KEYS for child in element):
        children.sort(key=repr)
    return (tag_of(element), attributes, (element.text or "").strip(), children)


class Roster:
    """The state of a conference, as known from its documents."""

    def __init__(self, *notifies):
        self.tree, self.version, self.states = None, None, []
        for notify in notifies:
            self.take(notify)

    def take(self, notify):
        """Takes a NOTIFY with a document; says whether it was anything new."""
        assert notify["Content-Type"] == "application/conference-info+xml", notify
        schema.check("conference-info", notify.body)
        root = ElementTree.fromstring(notify.body)
        version, state = int(root.get("version")), root.get("state", "full")
        self.states.append(state)
        if self.version is not None and version <= self.version:
            return False
        if state == "partial":
            assert self.version is not None, "a partial document came first"
            assert version == self.version + 1, f"version {version} after {self.version}"
            for child in root:
                apply(self.tree, child)
            self.tree.set("version", root.get("version"))
        else:
            check_full(root)
            self.tree = root
        self.version = version
        return True

    @property
    def is_deleted(self):
        return self.states[-1] == "deleted"

    @property
    def entity(self):
        return self.tree.get("entity")

    def references(self):
        """{URI: what it is called} of <sidebars-by-ref>."""
        entries = self.tree.findall(f"{CONFERENCE}sidebars-by-ref/{CONFERENCE}entry")
        return {text(entry, "uri"): text(entry, "display-text") for entry in entries}

    def sidebars(self):
        """{URI: {user part: status}} of <sidebars-by-val>."""
        entries = self.tree.findall(f"{CONFERENCE}sidebars-by-val/{CONFERENCE}entry")
        return {
            entry.get("entity"): {
                user.get("entity")[4:].partition("@")[0]: text(user, "endpoint/status")
                for user in entry.findall(f"{CONFERENCE}users/{CONFERENCE}user")
            }
            for entry in entries
        }

    def text(self, path):
        """The text at "conference-state/user-count"; None when it is not there."""
        return text(self.tree, path)

    def users(self):
        return self.tree.findall(f"{CONFERENCE}users/{CONFERENCE}user")

    def user(self, name):
        """The <user> whose URI begins with sip:NAME@; None when there is none."""
        found = [user for user in self.users() if user.get("entity").startswith(f"sip:{name}@")]
        assert len(found) <= 1, f"{name} is there {len(found)} times"
        return found[0] if found else None

    def endpoint(self, name):
        return self.user(name).find(f"{CONFERENCE}endpoint")

    def status(self, name):
        return None if self.user(name) is None else text(self.endpoint(name), "status")

    def names(self):
        """The user parts of those who are connected."""
        return {
            user.get("entity")[4:].partition("@")[0]
            for user in self.users()
            if any(text(e, "status") != "disconnected" for e in user.findall(f"{CONFERENCE}endpoint"))
        }

    def __eq__(self, other):
        return self.version == other.version and canonical(self.tree) == canonical(other.tree)


def text(element, path):
    return element.findtext("/".join(CONFERENCE + step for step in path.split("/")))


def check_full(element):
    """§4.4: what is full is full all through. §5.2: the least that a full document has."""
    if element.get("state", "full") == "full":
        assert all(child.get("state", "full") == "full" for child in element.iter()), element
        if tag_of(element) == "conference-info":
            assert element.find(f"{CONFERENCE}conference-description") is not None
            assert element.find(f"{CONFERENCE}users") is not None


def find_same(parent, element):
    key = KEYS.get(tag_of(element))
    for child in parent:
        if child.tag == element.tag and (key is None or child.get(key) == element.get(key)):
            return child
    return None


def apply(parent, element):
    """One element of a partial document, RFC 4575 §4.6."""
    old, state = find_same(parent, element), element.get("state", "full")
    if state == "deleted":
        assert old is not None, f"{canonical(element)} is deleted and was never there"
        parent.remove(old)
    elif state == "partial" and old is not None:
        for child in element:
            apply(old, child)
    elif old is not None:
        check_full(element)
        parent[list(parent).index(old)] = copy.deepcopy(element)
    else:
        parent.append(copy.deepcopy(element))


class Dialogs:
    """The dialogs of a conference, by the user part of the peer's URI."""

    def __init__(self, *notifies):
        self.table, self.version, self.ended = {}, None, {}
        for notify in notifies:
            self.take(notify)

    def take(self, notify):
        assert notify["Content-Type"] == "application/dialog-info+xml", notify
        schema.check("dialog-info", notify.body)
        root = ElementTree.fromstring(notify.body)
        version = int(root.get("version"))
        assert version == (0 if self.version is None else self.version + 1), "RFC 4235 §4.1"
        self.version = version
        if root.get("state") == "full":
            self.table = {}
        for dialog in root:
            self.table[dialog.get("id")] = dialog
            if dialog.findtext(f"{DIALOG}state") == "terminated":
                self.ended[dialog.get("id")] = self.table.pop(dialog.get("id"))
        return self

    def identities(self):
        return {d.findtext(f"{DIALOG}remote/{DIALOG}identity") for d in self.table.values()}
