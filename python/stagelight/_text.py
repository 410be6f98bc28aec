"""Text as JSON has it, and not too much of it."""

try:
    from _json import encode_basestring_ascii
except ImportError:  # not CPython
    from json.encoder import py_encode_basestring_ascii as encode_basestring_ascii

MAX_TEXT = 16 * 1024

quote = encode_basestring_ascii


def cut(text, most=MAX_TEXT):
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
