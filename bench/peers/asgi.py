"""The application that uvicorn and daphne serve: echo, topic and a JSON answer, on the bare protocol of ASGI.

No framework stands between: Channels, Django or Starlette would cost more.
"""
TEXT = b'{"message":"Hello, World!"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(TEXT))]
START = {"type": "http.response.start", "status": 200, "headers": HEADERS}
BODY = {"type": "http.response.body", "body": TEXT}
members = set()


async def echo(receive, send):
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        await send({"type": "websocket.send", "text": event["text"]})


async def topic(receive, send):
    members.add(send)
    try:
        while True:
            event = await receive()
            if event["type"] != "websocket.receive":
                return
            answer = {"type": "websocket.send", "text": event["text"]}
            for member in list(members):
                try:
                    await member(answer)
                except Exception:
                    members.discard(member)  # it went while the others were told
    finally:
        members.discard(send)


async def app(scope, receive, send):
    if scope["type"] == "http":
        await send(START)
        await send(BODY)
    elif scope["type"] == "websocket":
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        await (topic if scope["path"].startswith("/ws/topic") else echo)(receive, send)
