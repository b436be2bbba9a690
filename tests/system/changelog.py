"""The change log of a database, read as bytes: src/db/image.h draws them."""
import struct

SAME = object()
CREATE, UPDATE, DELETE = 1, 2, 3


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def decode(data):
    """The values of an image; SAME where an update's old one is as the new one."""
    values, at = [], 1
    for _ in range(data[0]):
        kind = data[at]
        at += 1
        if kind == 0:
            values.append(None)
        elif kind == 1:
            value, at = varint(data, at)
            values.append(value >> 1 ^ -(value & 1))
        elif kind == 2:
            values.append(struct.unpack_from("<d", data, at)[0])
            at += 8
        elif kind in (3, 4):
            size, at = varint(data, at)
            text = bytes(data[at:at + size])
            values.append(text.decode() if kind == 3 else text)
            at += size
        else:
            assert kind == 5, "kind %d" % kind
            values.append(SAME)
    assert at == len(data), "bytes after the image"
    return values


def replay(db, model):
    """The rows of a model that the whole log, from the first commit on, leaves: key → values. Each step is checked."""
    numbers = [row[0] for row in db.execute("SELECT number FROM freshet_commit ORDER BY number")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, "commits are not dense"
    marks = [row[0] for row in db.execute("SELECT mark FROM freshet_commit")]
    assert len(set(marks)) == len(marks), "a mark stands twice"
    loose = db.execute('SELECT count(*) FROM freshet_change WHERE "commit" NOT IN (SELECT number FROM freshet_commit)').fetchone()
    assert loose == (0,), "changes without their commit"
    rows = {}
    for key, op, new, old in db.execute(
            'SELECT key, op, new, old FROM freshet_change WHERE model = ? ORDER BY "commit", seq', (model,)):
        if op == CREATE:
            assert key not in rows and old is None, "create of %r, which is there" % key
            rows[key] = decode(new)
        elif op == UPDATE:
            before, after = decode(old), decode(new)
            assert [b if a is SAME else a for a, b in zip(before, after)] == rows[key], "old image of %r" % key
            rows[key] = after
        else:
            assert op == DELETE and new is None, "op %d" % op
            assert decode(old) == rows.pop(key), "old image of %r" % key
    return rows
