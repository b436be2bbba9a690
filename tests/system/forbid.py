"""Runs a program to which system calls are forbidden, as a container's seccomp filter does: they fail with EPERM.

    forbid.py io_uring_setup[,io_uring_enter] PROGRAM [ARGUMENT…]
"""
import ctypes
import errno
import os
import struct
import sys

NUMBERS = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427}  # the same on every processor

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_NUMBER = (0x20, 0, 0, 0)                    # BPF_LD | BPF_W | BPF_ABS: the word at 0, the call's number
JUMP_IF_EQUAL = 0x15                             # BPF_JMP | BPF_JEQ | BPF_K
ALLOW = (0x06, 0, 0, 0x7FFF0000)                 # BPF_RET
REFUSE = (0x06, 0, 0, 0x00050000 | errno.EPERM)


def forbid(names):
    program = [LOAD_NUMBER]
    for name in names:
        program += [(JUMP_IF_EQUAL, 0, 1, NUMBERS[name]), REFUSE]
    program.append(ALLOW)
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    filters = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filters, 0, 0)):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid(sys.argv[1].split(","))
    os.execv(sys.argv[2], sys.argv[2:])
