"""The annotations of lua-language-server (LuaCATS), read strictly: what does not follow their syntax,
or names a type that is not there, is an error. No Debian package has that server itself."""

import re

BUILT_IN = set(
    "any nil true false boolean string number integer function table thread userdata".split()
)
TOKENS = re.compile(r"""\s*([A-Za-z_][\w.]*|"[^"]*"|-?\d+|\.\.\.|\[\]|[|?:,(){}<>])""")
TAGS = {
    "meta": r"(\w+)?$",
    "class": r"[\w.]+(: [\w.]+)?$",
    "alias": r"[\w.]+ ",
    "field": r"\w+\?? ",
    "param": r"(\w+\??|\.\.\.) ",
    "return": r"",
}
TYPED = ("alias", "field", "param", "return")


class Types:
    """Reads one type from the beginning of a text; `names` are those that it may be made of."""

    def __init__(self, text, names):
        self.text, self.at, self.names = text, 0, names

    def peek(self):
        match = TOKENS.match(self.text, self.at)
        return match[1] if match else None

    def take(self, wanted=None):
        match = TOKENS.match(self.text, self.at)
        assert match and wanted in (None, match[1]), f"{wanted or 'a type'} at {self.text[self.at:]!r}"
        self.at = match.end()
        return match[1]

    def goes_on_by(self, mark):
        """A blank ends a type: what comes behind it is prose."""
        is_next = self.text.startswith(mark, self.at)
        self.at += len(mark) if is_next else 0
        return is_next

    def listed(self, read, end):
        while self.peek() != end:
            read()
            if self.peek() != end:
                self.take(",")
        self.take(end)

    def parameter(self):
        assert re.match(r"\w+$|\.\.\.$", self.take())
        self.goes_on_by("?")
        self.take(":")
        self.union()

    def function(self):
        self.take("(")
        self.listed(self.parameter, ")")
        if self.goes_on_by(":"):
            self.union()
            while self.goes_on_by(","):
                self.union()

    def single(self):
        token = self.take()
        if token == "(":
            self.union()
            self.take(")")
        elif token == "fun":
            self.function()
        elif not re.match(r'["\d-]', token):
            assert token in self.names, f"there is no type {token}"
            if self.goes_on_by("<"):
                self.listed(self.union, ">")
        while self.goes_on_by("[]"):
            pass
        self.goes_on_by("?")

    def union(self):
        self.single()
        while self.goes_on_by("|"):
            self.single()

    def check(self):
        self.union()
        assert re.match(r" |$", self.text[self.at :]), f"what is {self.text[self.at:]!r}"


def check_line(line, names):
    tag, rest = re.match(r"---@(\w+) ?(.*)", line).groups()
    assert tag in TAGS, f"there is no @{tag}"
    head = re.match(TAGS[tag], rest)
    assert head, f"@{tag} of what"
    if tag in TYPED:
        Types(rest[head.end() :], names).check()


def check(text):
    """Raises AssertionError with the number of the line. Returns how many annotations there are."""
    names = BUILT_IN | set(re.findall(r"^---@(?:class|alias) ([\w.]+)", text, re.M))
    count, parameters = 0, []
    for number, line in enumerate(text.splitlines(), 1):
        function = re.match(r"(?:local )?function [\w.:]+\((.*)\) end$", line)
        try:
            if line.startswith("---@"):
                count += 1
                check_line(line, names)
                parameters += re.findall(r"^---@param (\w+|\.\.\.)", line)
            elif function:
                told = ", ".join(parameters)
                assert told == function[1], f"({function[1]}), and the annotations tell of ({told})"
                parameters = []
        except AssertionError as error:
            raise AssertionError(f"{number}: {line}: {error}") from error
    return count
