"""Patches where moto's SQS is slower, less strict or less thread-safe than the real one."""

import copy
import select
import socket
import threading
import time

import flask
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid

# moto changes queues without a lock: without one, receivers at once share messages.
LOCK = threading.RLock()

# How often a long poll checks whether its client is still connected.
LOOK_SECONDS = 0.1


def apply():
    """Replaces moto's functions."""
    models.unix_time_millis = lambda *_: time.time() * 1000.0
    models.Message.__deepcopy__ = lambda message, _: copy.copy(message)
    models.Queue.add_message = remembering_its_source(models.Queue.add_message)
    models.Queue.delete_message = delete_message
    backend = models.SQSBackend
    backend.is_message_valid_based_on_retention_period = within_retention
    backend.receive_message = long_poll(backend.receive_message)
    backend.change_message_visibility = only_if_current(backend.change_message_visibility)


def within_retention(self, queue_name, message):
    """moto computes all attributes of the queue for each message, which costs more the longer the queue is."""
    period = self.get_queue(queue_name).message_retention_period
    return period + message.sent_timestamp / 1000 > time.time()


def remembering_its_source(add_message):
    """Notes which queue a message came from, so that a message-move task can put it back."""

    def add(self, message):
        with LOCK:
            home = getattr(message, "home", None)
            if home is not None and home is not self:
                message.dead_letter_source = home
            message.home = self
            return add_message(self, message)

    return add


def delete_message(self, receipt_handle):
    """Deletes by the latest handle only; moto lets any earlier one delete a message that another receiver has."""
    with LOCK:
        if receipt_handle in self.deleted_messages:
            return
        for message in self._messages:
            if message.receipt_handle == receipt_handle:
                self.pending_messages.discard(message)
                self._messages.remove(message)
                self.deleted_messages.update(h for h in message.all_receipt_handles if h)
                return
    raise ReceiptHandleIsInvalid()


def only_if_current(change_message_visibility):
    """Refuses an earlier handle, as above."""

    def change(self, queue_name, receipt_handle, visibility_timeout):
        with LOCK:
            queue = self.get_queue(queue_name)
            if not any(m.receipt_handle == receipt_handle for m in queue._messages):
                raise ReceiptHandleIsInvalid()
            change_message_visibility(self, queue_name, receipt_handle, visibility_timeout)
            with queue._messages_lock:
                queue._messages_lock.notify_all()

    return change


def long_poll(receive_message):
    """Waits without the lock, and gives nothing to a client that has disconnected: its message would be hidden for no receiver."""

    def receive(self, queue_name, count, wait_seconds, visibility, attribute_names=None):
        end = time.monotonic() + wait_seconds
        while not client_is_gone():
            with LOCK:
                got = receive_message(self, queue_name, count, 0, visibility, attribute_names)
            left = end - time.monotonic()
            if got or left <= 0:
                return got
            self.get_queue(queue_name).wait_for_messages(min(left, LOOK_SECONDS))
        return []

    return receive


def client_is_gone():
    """Whether the other end of this request's connection was closed."""
    connection = flask.request.environ.get("werkzeug.socket") if flask.has_request_context() else None
    if connection is None:
        return False
    try:
        readable = select.select([connection], [], [], 0)[0]
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
