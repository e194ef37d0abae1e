"""Asks the process of `ready.py` to run a command with the streams of this one.

It imports next to nothing, because starting it is all that it is for.
"""

import _socket  # `socket` takes as long as the rest of a start
import marshal
import os
import sys
from array import array

path, module, *words = sys.argv[1:]
asked = marshal.dumps((module, words, os.getcwd(), dict(os.environ)))
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect(path)
streams = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array("i", (0, 1, 2)))]
server.sendmsg([len(asked).to_bytes(8, "big")], streams)
server.sendall(asked)
code = server.recv(1)
os._exit(code[0] if code else 70)  # without it the copy has crashed
