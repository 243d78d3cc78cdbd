"""StartMessageMoveTask and ListMessageMoveTasks, which moto does not have."""

import time
import uuid

from moto.core.responses import ActionResult
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.responses import SQSResponse

from queue_patches import LOCK

# Finished tasks by the source's ARN, the latest first.
TASKS = {}


def apply():
    """Adds the operations."""
    SQSResponse.start_message_move_task = start
    SQSResponse.list_message_move_tasks = tasks


def queue_of(backend, arn):
    """The queue with an ARN."""
    for queue in backend.queues.values():
        if queue.queue_arn == arn:
            return queue
    raise QueueDoesNotExist()


def start(self):
    """Moves all messages of a dead-letter queue at once, back to their source queues or to one destination."""
    backend, source_arn = self.sqs_backend, self._get_param("SourceArn")
    destination_arn = self._get_param("DestinationArn")
    dead = queue_of(backend, source_arn)
    destination = queue_of(backend, destination_arn) if destination_arn else None
    with LOCK:
        moved, dead._messages = dead._messages, []
        for message in moved:
            dead.pending_messages.discard(message)
            message.approximate_receive_count, message.visible_at = 0, 0
            (destination or message.dead_letter_source).add_message(message)
    task = {
        "TaskHandle": str(uuid.uuid4()),
        "Status": "COMPLETED",
        "SourceArn": source_arn,
        "ApproximateNumberOfMessagesMoved": len(moved),
        "ApproximateNumberOfMessagesToMove": len(moved),
        "StartedTimestamp": int(time.time() * 1000),
    }
    if destination_arn:
        task["DestinationArn"] = destination_arn
    TASKS.setdefault(source_arn, []).insert(0, task)
    return ActionResult({"TaskHandle": task["TaskHandle"]})


def tasks(self):
    """The latest tasks of a source."""
    wanted = self._get_param("MaxResults", 1)
    return ActionResult({"Results": TASKS.get(self._get_param("SourceArn"), [])[:wanted]})
