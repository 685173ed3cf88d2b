"""SM3 (GB/T 32905-2016) at the speed this machine can do it.

OpenSSL 3 has it in C alone; libgcrypt (LGPL, part of every Debian) has it for AVX and BMI2 as well and is
half as fast again. Where libgcrypt is missing, old or wrong, OpenSSL's is taken: the digests are the same.
"""

import ctypes
import hashlib
import weakref
from functools import cache
from typing import Protocol

SM3 = 326  # GCRY_MD_SM3, https://gnupg.org/documentation/manuals/gcrypt/Available-hash-algorithms.html
INITIALIZATION_FINISHED = 38  # GCRYCTL_INITIALIZATION_FINISHED
LEAST = b"1.10.0"
"""With code for AVX and BMI2."""
ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
"""Of `abc`, GB/T 32905-2016 appendix A.1."""


class Digest(Protocol):
    def update(self, block: memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class GcryptSm3:
    """One running digest; other threads work meanwhile, as with hashlib's. Once read it takes no more."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.handle = ctypes.c_void_p()
        if library.gcry_md_open(ctypes.byref(self.handle), SM3, 0):
            raise OSError("libgcrypt has no SM3")
        weakref.finalize(self, library.gcry_md_close, self.handle)

    def update(self, block: memoryview) -> None:
        if block.readonly:
            self.library.gcry_md_write(self.handle, bytes(block), len(block))
        elif block:
            self.library.gcry_md_write(
                self.handle, ctypes.byref(ctypes.c_char.from_buffer(block)), len(block)
            )

    def hexdigest(self) -> str:
        return ctypes.string_at(self.library.gcry_md_read(self.handle, SM3), 32).hex()


def sm3() -> Digest:
    library = gcrypt()
    return GcryptSm3(library) if library else hashlib.new("sm3")


@cache
def gcrypt() -> ctypes.CDLL | None:
    """The library, once it has shown that it gets the standard's own example right."""
    try:
        library = ctypes.CDLL("libgcrypt.so.20")
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        library.gcry_check_version.argtypes = [ctypes.c_char_p]
        library.gcry_check_version.restype = ctypes.c_char_p
        library.gcry_md_open.argtypes = [ctypes.POINTER(pointer), ctypes.c_int, ctypes.c_uint]
        library.gcry_md_write.argtypes = [pointer, pointer, size]
        library.gcry_md_write.restype = None
        library.gcry_md_read.argtypes = [pointer, ctypes.c_int]
        library.gcry_md_read.restype = pointer
        library.gcry_md_close.argtypes = [pointer]
        library.gcry_md_close.restype = None
        if not library.gcry_check_version(LEAST):
            return None
        library.gcry_control(INITIALIZATION_FINISHED, 0)
        tried = GcryptSm3(library)
        tried.update(memoryview(bytearray(b"abc")))
        return library if tried.hexdigest() == ABC else None
    except (OSError, AttributeError):
        return None
