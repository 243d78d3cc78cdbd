"""The commands. Each gets its database and its document, and returns the document of the answer."""

import datetime
import itertools

import mongomock
import pymongo.errors
from bson import Int64, ObjectId

from .store import new_client

DUPLICATE = (mongomock.DuplicateKeyError, pymongo.errors.DuplicateKeyError)
WRITES = {
    "insert", "update", "delete", "findAndModify", "findandmodify", "createIndexes", "dropIndexes", "drop", "dropDatabase",
}  # fmt: skip


class Refused(Exception):
    """An error that MongoDB itself would answer with."""

    def __init__(self, code, name, message):
        super().__init__(message)
        self.document = {"ok": 0.0, "errmsg": message, "code": code, "codeName": name}


class Commands:
    def __init__(self):
        self.client = new_client()
        self.cursors = {}
        self.cursor_ids = itertools.count(1000)
        self.connection_ids = itertools.count(1)

    def run(self, document):
        name = next(iter(document))
        if "startTransaction" in document or "autocommit" in document:
            raise Refused(20, "IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos")
        command = getattr(self, "do_" + name.lower(), None)
        if command is None:
            raise Refused(59, "CommandNotFound", f"no such command: '{name}'")
        return command(self.client[document.get("$db", "admin")], document)

    # The connection

    def do_hello(self, database, document):
        return {
            "helloOk": True, "isWritablePrimary": True, "ismaster": True, "readOnly": False,
            "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000, "maxWriteBatchSize": 100000,
            "localTime": datetime.datetime.now(datetime.timezone.utc), "logicalSessionTimeoutMinutes": 30,
            "connectionId": next(self.connection_ids), "minWireVersion": 0, "maxWireVersion": 21,
        }  # fmt: skip

    do_ismaster = do_hello

    def do_ping(self, database, document):
        return {}

    do_endsessions = do_ping

    def do_buildinfo(self, database, document):
        return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "maxBsonObjectSize": 16777216}

    # Writes

    def do_insert(self, database, document):
        collection, inserted, errors = database[document["insert"]], 0, []
        for index, row in enumerate(document["documents"]):
            try:
                row.setdefault("_id", ObjectId())
                collection.insert_one(row)
                inserted += 1
            except DUPLICATE as error:
                errors.append(duplicate_key(error, collection, index))
                if document.get("ordered", True):
                    break
        return {"n": inserted, **({"writeErrors": errors} if errors else {})}

    def do_update(self, database, document):
        collection, matched, modified, upserted, errors = database[document["update"]], 0, 0, [], []
        for index, statement in enumerate(document["updates"]):
            try:
                result = update(collection, statement)
            except DUPLICATE as error:
                errors.append(duplicate_key(error, collection, index))
                if document.get("ordered", True):
                    break
                continue
            if result.upserted_id is not None:
                upserted.append({"index": index, "_id": result.upserted_id})
                matched += 1
            else:
                matched += result.matched_count
                modified += result.modified_count or 0
        answer = {"n": matched, "nModified": modified}
        if upserted:
            answer["upserted"] = upserted
        if errors:
            answer["writeErrors"] = errors
        return answer

    def do_delete(self, database, document):
        collection, deleted = database[document["delete"]], 0
        for statement in document["deletes"]:
            delete = collection.delete_one if statement.get("limit") == 1 else collection.delete_many
            deleted += delete(statement["q"]).deleted_count
        return {"n": deleted}

    def do_findandmodify(self, database, document):
        name = document.get("findAndModify", document.get("findandmodify"))
        collection, condition, options = database[name], document.get("query") or {}, {}
        if document.get("sort"):
            options["sort"] = list(document["sort"].items())
        if document.get("fields"):
            options["projection"] = document["fields"]
        if document.get("remove"):
            value = collection.find_one_and_delete(condition, **options)
            return {"value": value, "lastErrorObject": {"n": int(value is not None)}}
        options["upsert"] = document.get("upsert", False)
        options["return_document"] = bool(document.get("new", False))
        change = collection.find_one_and_update if is_change(document["update"]) else collection.find_one_and_replace
        try:
            value = change(condition, document["update"], **options)
        except DUPLICATE as error:
            raise Refused(11000, "DuplicateKey", duplicate_key(error, collection, 0)["errmsg"]) from error
        return {"value": value, "lastErrorObject": {"n": int(value is not None), "updatedExisting": value is not None}}

    # Reads

    def do_find(self, database, document):
        found = database[document["find"]].find(document.get("filter") or {}, document.get("projection") or None)
        if document.get("sort"):
            found = found.sort(list(document["sort"].items()))
        if document.get("skip"):
            found = found.skip(document["skip"])
        if document.get("limit"):
            found = found.limit(abs(document["limit"]))
        answer = self.cursor(f"{database.name}.{document['find']}", found, document.get("batchSize", 101))
        if document.get("singleBatch"):
            self.cursors.pop(answer["cursor"]["id"], None)
            answer["cursor"]["id"] = Int64(0)
        return answer

    def do_aggregate(self, database, document):
        if any("$changeStream" in stage for stage in document["pipeline"]):
            raise Refused(40573, "Location40573", "The $changeStream stage is only supported on replica sets")
        rows = database[document["aggregate"]].aggregate(document["pipeline"])
        size = (document.get("cursor") or {}).get("batchSize", 101)
        return self.cursor(f"{database.name}.{document['aggregate']}", rows, size)

    def do_count(self, database, document):
        return {"n": database[document["count"]].count_documents(document.get("query") or {})}

    def do_distinct(self, database, document):
        return {"values": database[document["distinct"]].distinct(document["key"], document.get("query") or {})}

    # Cursors

    def cursor(self, namespace, rows, size):
        rows, cursor_id = list(rows), 0
        if rows[size:]:
            cursor_id = next(self.cursor_ids)
            self.cursors[cursor_id] = (namespace, rows[size:])
        return {"cursor": {"firstBatch": rows[:size], "id": Int64(cursor_id), "ns": namespace}}

    def do_getmore(self, database, document):
        cursor_id = document["getMore"]
        if cursor_id not in self.cursors:
            raise Refused(43, "CursorNotFound", f"cursor id {cursor_id} not found")
        namespace, rows = self.cursors.pop(cursor_id)
        size = document.get("batchSize") or len(rows)
        if rows[size:]:
            self.cursors[cursor_id] = (namespace, rows[size:])
        left = cursor_id if rows[size:] else 0
        return {"cursor": {"nextBatch": rows[:size], "id": Int64(left), "ns": namespace}}

    def do_killcursors(self, database, document):
        for cursor_id in document["cursors"]:
            self.cursors.pop(cursor_id, None)
        return {"cursorsKilled": document["cursors"], "cursorsNotFound": [], "cursorsAlive": [], "cursorsUnknown": []}

    # Databases, collections, indexes

    def do_createindexes(self, database, document):
        collection = database[document["createIndexes"]]
        options = ("unique", "sparse", "expireAfterSeconds", "partialFilterExpression", "name")
        before = len(collection.index_information())
        for index in document["indexes"]:
            collection.create_index(list(index["key"].items()), **{o: index[o] for o in options if o in index})
        return {"numIndexesBefore": before, "numIndexesAfter": len(collection.index_information())}

    def do_listindexes(self, database, document):
        name = document["listIndexes"]
        if name not in database.list_collection_names():
            raise Refused(26, "NamespaceNotFound", f"ns does not exist: {database.name}.{name}")
        rows = []
        for index, about in database[name].index_information().items():
            rest = {key: value for key, value in about.items() if key not in ("key", "v", "ns")}
            rows.append({"v": 2, "key": dict(about["key"]), "name": index, **rest})
        return self.cursor(f"{database.name}.{name}", rows, 1000)

    def do_dropindexes(self, database, document):
        collection = database[document["dropIndexes"]]
        if document["index"] == "*":
            collection.drop_indexes()
        else:
            collection.drop_index(document["index"])
        return {}

    def do_drop(self, database, document):
        if document["drop"] not in database.list_collection_names():
            raise Refused(26, "NamespaceNotFound", "ns not found")
        database.drop_collection(document["drop"])
        return {}

    def do_dropdatabase(self, database, document):
        self.client.drop_database(database.name)
        return {}

    def do_listdatabases(self, database, document):
        names = self.client.list_database_names()
        return {"databases": [{"name": name, "sizeOnDisk": Int64(1), "empty": False} for name in names], "totalSize": Int64(1)}

    def do_listcollections(self, database, document):
        rows = [
            {"name": name, "type": "collection", "options": {}, "info": {"readOnly": False}}
            for name in database.list_collection_names()
        ]
        return self.cursor(f"{database.name}.$cmd.listCollections", rows, 1000)


def is_change(update):
    return isinstance(update, list) or any(key.startswith("$") for key in update)


def update(collection, statement):
    change, options = statement["u"], {"upsert": statement.get("upsert", False)}
    if statement.get("arrayFilters"):
        options["array_filters"] = statement["arrayFilters"]
    if not is_change(change):
        return collection.replace_one(statement["q"], change, **options)
    run = collection.update_many if statement.get("multi") else collection.update_one
    return run(statement["q"], change, **options)


def duplicate_key(error, collection, index):
    message = str(error)
    if "E11000" not in message:
        message = f"E11000 duplicate key error collection: {collection.full_name} {message}"
    return {"index": index, "code": 11000, "errmsg": message, "keyPattern": {}, "keyValue": {}}
