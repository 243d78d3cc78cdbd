"""mongomock, with a faster scan of documents and a faster copy of them."""

import copy
import types

import bson
import mongomock
from mongomock import collection as mongomock_collection

PLAIN = (str, int, bson.ObjectId)


def listed_ids(condition):
    """The ids that a condition allows, if it lists them as plain values; else None."""
    wanted = condition.get("_id")
    if isinstance(wanted, PLAIN):
        return [wanted]
    listed = wanted.get("$in") if isinstance(wanted, dict) and len(wanted) == 1 else None
    if isinstance(listed, list) and all(isinstance(one, PLAIN) for one in listed):
        return list(dict.fromkeys(listed))
    return None


def differs(document, equal):
    for field, value in equal:
        found = document.get(field)
        # A list matches when one of its elements does; mongomock decides that.
        if found != value and not isinstance(found, list):
            return True
    return False


def iter_documents(self, condition):
    if self._store.is_empty:
        # mongomock also validates the condition, even if no document is left to compare.
        mongomock_collection.filter_applies(condition, {})
    self._store._remove_expired_documents()
    equal = [
        (field, value)
        for field, value in condition.items()
        if isinstance(value, PLAIN) and not field.startswith("$") and "." not in field
    ]
    documents, ids = self._store._documents, listed_ids(condition)
    if ids is None:
        chosen = list(documents.values())
    else:
        chosen = [documents[one] for one in ids if one in documents]
        # Searching a long list of ids again for each document would take longer than everything else.
        condition = {field: value for field, value in condition.items() if field != "_id"}
    for document in chosen:
        if not differs(document, equal) and mongomock_collection.filter_applies(condition, document):
            yield document


def clone(value):
    """A copy of what BSON can hold: its values are never changed in place, only documents and lists are."""
    if isinstance(value, dict):
        return {key: clone(one) for key, one in value.items()}
    if isinstance(value, list):
        return [clone(one) for one in value]
    return value


mongomock_collection.Collection._iter_documents = iter_documents
mongomock_collection.copy = types.SimpleNamespace(deepcopy=clone, copy=copy.copy)


def new_client():
    return mongomock.MongoClient()
