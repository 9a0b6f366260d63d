"""A checker of JSON Schema 2020-12, for the part of it that openapi.json uses:
a keyword that it does not know is an error."""

import re

_TYPES = {"string": str, "boolean": bool, "object": dict, "array": list}
_NOTES = {"description", "default"}


def check(value, schema, document, where="$"):
    """Returns what of `value` does not fit, as texts. `document` is what "$ref"
    leads into."""
    found = []
    for keyword, expected in schema.items():
        if keyword in _NOTES:
            continue
        rule = _RULES.get(keyword)
        if rule is None:
            raise AssertionError(f"an unknown keyword: {keyword}")
        found += rule(value, expected, schema, document, where)
    return found


def resolve(reference, document):
    """Returns what a "$ref" of the document means."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def _type(value, expected, schema, document, where):
    if expected == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = isinstance(value, _TYPES[expected])
    return [] if fits else [f"{where}: {value!r} is no {expected}"]


def _required(value, expected, schema, document, where):
    if not isinstance(value, dict):
        return []
    return [f"{where}: no {name}" for name in expected if name not in value]


def _properties(value, expected, schema, document, where):
    if not isinstance(value, dict):
        return []
    return [text for name, each in expected.items() if name in value
            for text in check(value[name], each, document, f"{where}.{name}")]


def _additional(value, expected, schema, document, where):
    if not isinstance(value, dict):
        return []
    rest = [name for name in value if name not in schema.get("properties", {})]
    if expected is False:
        return [f"{where}: {name} is unknown" for name in rest]
    return [text for name in rest for text in
            check(value[name], expected, document, f"{where}.{name}")]


def _names(value, expected, schema, document, where):
    if not isinstance(value, dict):
        return []
    return [text for name in value
            for text in check(name, expected, document, f"{where}: {name}")]


def _items(value, expected, schema, document, where):
    if not isinstance(value, list):
        return []
    return [text for i, each in enumerate(value)
            for text in check(each, expected, document, f"{where}[{i}]")]


def _one_of(value, expected, schema, document, where):
    all_found = [check(value, each, document, where) for each in expected]
    count = sum(not found for found in all_found)
    return [] if count == 1 else [f"{where}: {count} of oneOf: {all_found}"]


def _reference(value, expected, schema, document, where):
    return check(value, resolve(expected, document), document, where)


def _test(kind, holds):
    def rule(value, expected, schema, document, where):
        is_meant = isinstance(value, kind) and not isinstance(value, bool)
        if not is_meant or holds(value, expected):
            return []
        return [f"{where}: {value!r} does not fit {expected!r}"]
    return rule


def _equal(value, expected, schema, document, where):
    wanted = expected if isinstance(expected, list) else [expected]
    return [] if value in wanted else [f"{where}: {value!r} is not {expected}"]


_RULES = {
    "type": _type, "required": _required, "properties": _properties,
    "additionalProperties": _additional, "propertyNames": _names,
    "items": _items, "oneOf": _one_of, "$ref": _reference, "const": _equal,
    "enum": _equal,
    "minimum": _test(int, lambda value, least: value >= least),
    "maximum": _test(int, lambda value, most: value <= most),
    "maxItems": _test(list, lambda value, most: len(value) <= most),
    "minLength": _test(str, lambda value, least: len(value) >= least),
    "pattern": _test(str, lambda value, text: re.search(text, value)),
}
