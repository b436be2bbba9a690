"""Raw DEFLATE (RFC 1951) by hand, which tells how far back a stream refers: zlib's own inflater does not."""


class Bits:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        value = 0
        for i in range(count):
            value |= (self.data[self.at >> 3] >> (self.at & 7) & 1) << i
            self.at += 1
        return value

    def align(self):
        self.at = (self.at + 7) & ~7

    def left(self):
        return len(self.data) * 8 - self.at


def codes(lengths):
    """(length, code) -> symbol, of a canonical Huffman code."""
    table, code = {}, 0
    for length in range(1, max(lengths, default=0) + 1):
        for symbol, each in enumerate(lengths):
            if each == length:
                table[length, code] = symbol
                code += 1
        code <<= 1
    return table


def symbol_of(bits, table):
    code = 0
    for length in range(1, 16):
        code = code << 1 | bits.take(1)
        if (length, code) in table:
            return table[length, code]
    raise ValueError("no such code")


LENGTHS = [(3 + i, 0) for i in range(8)] + [(((4 + i % 4) << (i // 4 - 1)) + 3, i // 4 - 1) for i in range(8, 28)] + [(258, 0)]
DISTANCES = [(1 + i, 0) for i in range(4)] + [(((2 + i % 2) << (i // 2 - 1)) + 1, i // 2 - 1) for i in range(4, 30)]
FIXED = codes([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), codes([5] * 30)
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]


def tables(bits):
    literals, distances, count = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
    first = [0] * 19
    for i in range(count):
        first[ORDER[i]] = bits.take(3)
    table, lengths = codes(first), []
    while len(lengths) < literals + distances:
        symbol = symbol_of(bits, table)
        if symbol < 16:
            lengths.append(symbol)
        elif symbol == 16:
            lengths += lengths[-1:] * (3 + bits.take(2))
        else:
            lengths += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
    return codes(lengths[:literals]), codes(lengths[literals:])


TAIL = b"\x00\x00\xff\xff"


def inflate(data, before=b""):
    """(text, farthest distance) of a message, its tail cut off or not; `before` is what it may refer to."""
    try:
        return inflate_blocks(data + TAIL, before)
    except (AssertionError, IndexError):
        if not data.endswith(TAIL):
            raise
        return inflate_blocks(data, before)


def inflate_blocks(data, before):
    bits, out, farthest, is_final = Bits(data), bytearray(before), 0, 0
    while True:
        if is_final:
            bits.align()  # what follows is a stream of its own
        if bits.left() < 8:
            break
        is_final, kind = bits.take(1), bits.take(2)
        if kind == 0:
            bits.align()
            size, inverse = bits.take(16), bits.take(16)
            assert size ^ inverse == 0xFFFF
            out += bytes(bits.take(8) for _ in range(size))
            continue
        literals, distances = FIXED if kind == 1 else tables(bits)
        while True:
            symbol = symbol_of(bits, literals)
            if symbol == 256:
                break
            if symbol < 256:
                out.append(symbol)
                continue
            base, extra = LENGTHS[symbol - 257]
            length = base + bits.take(extra)
            base, extra = DISTANCES[symbol_of(bits, distances)]
            distance = base + bits.take(extra)
            assert distance <= len(out), "it refers to what was not sent"
            farthest = max(farthest, distance)
            for _ in range(length):
                out.append(out[-distance])
    assert bits.left() == 0
    return bytes(out[len(before):]), farthest
