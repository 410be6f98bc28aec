"""Values of the program's as JSON, as `InboxValue` in `src/model/inbox.ts` has them. Whatever they are, nothing is raised."""

from ._text import cut, quote

MAX_ITEMS = 100
MAX_DEPTH = 4
# Whole numbers beyond this are no exact ones in JSON.
MAX_SAFE = 2**53
# What a list may hold to be one: things of one kind.
LISTS = ({str}, {float}, {int}, {bool})


def encode(value):
    """The value of an attribute; `None` for one that there is nothing to say of."""
    if value is None:
        return None
    if isinstance(value, str):
        return quote(cut(to_text(value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value) if -MAX_SAFE < value < MAX_SAFE else quote(cut(to_text(value)))
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, (list, tuple)) and {type(item) for item in value[:MAX_ITEMS]} in LISTS:
        return "[" + ",".join(encode(item) for item in value[:MAX_ITEMS]) + "]"
    return quote(cut(to_text(value)))


def encode_float(value):
    if value - value == 0:  # neither NaN nor infinite
        return float.__repr__(value)
    name = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return f'{{"double":"{name}"}}'


def encode_attributes(attributes):
    """The members of a JSON object, without its braces."""
    members = []
    for name, value in attributes.items():
        try:
            encoded = encode(value)
        except Exception as error:
            encoded = quote(f"[unreadable: {type(error).__name__}]")
        if encoded is not None:
            members.append(f"{quote(str(name))}:{encoded}")
    return ",".join(members)


def to_text(value, depth=0):
    """The value in words. Of large collections only a beginning is looked at."""
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if depth < MAX_DEPTH and type(value) is dict:
        items = (f"{show(key, depth)}: {show(item, depth)}" for key, item in first(value.items()))
        return "{" + ", ".join(items) + ellipsis(value) + "}"
    if depth < MAX_DEPTH and type(value) in (list, tuple, set, frozenset):
        brackets = "[]" if type(value) is list else "()" if type(value) is tuple else "{}"
        items = ", ".join(show(item, depth) for item in first(value))
        return brackets[0] + items + ellipsis(value) + brackets[1]
    try:
        return f"{type(value).__name__}(…)" if depth >= MAX_DEPTH and hasattr(value, "__len__") else str(value)
    except Exception as error:
        return f"[unreadable: {type(error).__name__}]"


def show(value, depth):
    return repr(cut(value)) if type(value) is str else to_text(value, depth + 1)


def first(items):
    for index, item in enumerate(items):
        if index == MAX_ITEMS:
            return
        yield item


def ellipsis(items):
    return ", …" if len(items) > MAX_ITEMS else ""
