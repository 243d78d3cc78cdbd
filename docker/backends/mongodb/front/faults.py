"""Commands that fail on demand: `configureFailPoint` for `failCommand`, in the form of MongoDB's own tests."""


class Faults:
    """One fail point for each namespace. Besides MongoDB's own fields, `applied` has a command done before it fails."""

    def __init__(self):
        self.points = {}

    def configure(self, document):
        data = document.get("data") or {}
        mode, namespace = document["mode"], data.get("namespace")
        self.points.pop(namespace, None)
        if mode != "off":
            self.points[namespace] = {**data, "times": mode["times"]}

    def of(self, document):
        """What is to happen to a command; None when it is to work. Such a question uses one time up."""
        name = next(iter(document))
        namespace = f"{document.get('$db')}.{document[name]}"
        point = self.points.get(namespace)
        if point is None or name not in point["failCommands"] or point["times"] < 1:
            return None
        point["times"] -= 1
        return point


def error(point):
    """The answer of a command that fails."""
    answer = {"ok": 0.0, "errmsg": "Failing command via 'failCommand' failpoint", "code": point["errorCode"]}
    if point.get("errorLabels"):
        answer["errorLabels"] = point["errorLabels"]
    return answer
