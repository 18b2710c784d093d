"""A phone with several dialogs at one address, over UDP."""

import functools

from sip import Phone


class Line(Phone):
    """One more dialog of a phone's. Each line gets what has its Call-ID; what begins a new dialog
    goes to the newest line."""

    def __init__(self, phone):
        self.__dict__.update(phone.__dict__)
        self.inbox, self.seen, self.repeated = [], set(), []
        self.new_dialog()
        if not hasattr(phone, "lines"):
            phone.lines = self.lines = [phone]
            phone.read = functools.partial(read_for, phone)
        self.lines = phone.lines
        self.lines.append(self)
        self.read = functools.partial(read_for, self)


def read_for(line, deadline):
    while True:
        message = Phone.read(line, deadline)
        if message is None:
            return None
        owner = next(
            (one for one in line.lines if one.call_id == message["Call-ID"]), line.lines[-1]
        )
        if owner is line:
            return message
        owner.inbox.append(message)
