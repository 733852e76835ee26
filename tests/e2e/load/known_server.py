"""A server whose service time is known: ``python known_server.py SERVICE_MS [STATUS]`` prints its port.

It answers any POST after SERVICE_MS with the reply of a node runtime, and GET with the metadata of a model. A timer
of uvloop's waits up to 1 ms longer than asked.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

_PREDICTION = (
    b'{"id":"1","model_name":"vision","outputs":['
    b'{"name":"prediction","datatype":"INT64","shape":[1,1],"data":[3]},'
    b'{"name":"confidence","datatype":"FP32","shape":[1,1],"data":[0.91]}],'
    b'"parameters":{"exit":1,"variant":"lite0-128-fp32","placement":"camera-1,edge,edge"}}'
)
_METADATA = (
    b'{"name":"vision","versions":["1"],"platform":"test","extensions":[],'
    b'"inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]},'
    b'{"name":"hint","datatype":"BYTES","shape":[1],"optional":true}],'
    b'"outputs":[{"name":"prediction","datatype":"INT64","shape":[-1,1]}]}'
)
_TIMING = b"telcoai-timing: camera-1 q=10 c=20000 n=300 b=4000 r=500, edge q=1 c=2 n=0 over=1 rep=1\r\n"


def reply(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s X\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n"
    return head % (status, _TIMING, len(body)) + body


class Known(asyncio.Protocol):
    def __init__(self, service_s: float, status: bytes) -> None:
        self._service_s = service_s
        self._reply = reply(status, _PREDICTION)
        self._metadata = reply(b"200", _METADATA)
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._buffer = self._buffer[end + 4 + length :]
        answer = self._metadata if head.startswith(b"get") else self._reply
        if self._service_s and not head.startswith(b"get"):
            asyncio.get_running_loop().call_later(self._service_s, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def serve(service_s: float, status: bytes) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Known(service_s, status), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1]) / 1000, (sys.argv[2] if len(sys.argv) > 2 else "200").encode()))
