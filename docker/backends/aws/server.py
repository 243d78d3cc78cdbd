"""moto's AWS emulator with the patches that Efflux needs. Usage: server.py HOST PORT"""

import logging
import sys

import bucket_patches
import cbor_front
import credentials_front
import move_tasks
import notification_patches
import queue_patches
import stack_patches
import stack_types  # noqa: F401
import task_patches
from moto.moto_server.threaded_moto_server import DomainDispatcherApplication, create_backend_app
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server


def application():
    """The emulator, behind the fronts that each request passes."""
    bucket_patches.apply()
    queue_patches.apply()
    move_tasks.apply()
    notification_patches.apply()
    stack_patches.apply()
    task_patches.apply()
    emulator = DomainDispatcherApplication(create_backend_app)
    return credentials_front.Front(cbor_front.Front(emulator))


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    # One line per request would hide the other lines.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, port, application(), threaded=True, request_handler=MotoRequestHandler)
    print(f"serving AWS on http://{host}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
