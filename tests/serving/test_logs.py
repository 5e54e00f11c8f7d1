"""What may stand in a log, in a process of its own: logging is set up once for all."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import logging, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import httpx
from serving.logs import configure

class Quiet(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

configure("info")
server = HTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
httpx.get(f"http://127.0.0.1:{server.server_port}/haak?sleutel=geheim")
logging.getLogger("vangnet").info("hier")
"""


def test_addresses_that_are_called_stand_in_no_log():
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True, cwd=ROOT)
    assert '"message": "hier"' in done.stderr
    assert "geheim" not in done.stderr
