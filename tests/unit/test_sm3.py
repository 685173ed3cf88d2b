"""The fast SM3 is the same SM3."""

import hashlib
import mmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store import sm3

blocks = st.lists(st.binary(max_size=300), max_size=5)


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    """Debian 12 has it: a test that took OpenSSL's twice would prove nothing."""
    assert sm3.gcrypt() is not None


@given(blocks, st.booleans())
def test_it_is_openssls_digest_whatever_the_blocks(given_: list[bytes], writable: bool) -> None:
    digest = sm3.sm3()
    for block in given_:
        digest.update(memoryview(bytearray(block) if writable else block))
    assert digest.hexdigest() == hashlib.new("sm3", b"".join(given_)).hexdigest()


def test_a_part_of_a_buffer_is_that_part() -> None:
    with mmap.mmap(-1, 1 << 20) as memory:
        memory[:] = bytes(range(256)) * (1 << 12)
        digest = sm3.sm3()
        with memoryview(memory) as whole, whole[1000:70001] as part:
            digest.update(part)
        assert digest.hexdigest() == hashlib.new("sm3", memory[1000:70001]).hexdigest()


def test_it_lets_go_of_the_buffer_and_can_be_read_twice() -> None:
    digest, buffer = sm3.sm3(), bytearray(b"abc")
    digest.update(memoryview(buffer))
    buffer.extend(b"more")  # raises BufferError while anybody still points into it
    assert digest.hexdigest() == digest.hexdigest() == sm3.ABC


def test_a_library_that_is_not_there_or_wrong_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise OSError("cannot open shared object file")

    for name, value in (
        ("ctypes.CDLL", missing),
        (f"{sm3.__name__}.ABC", "0" * 64),
        (f"{sm3.__name__}.LEAST", b"9.9"),
    ):
        with monkeypatch.context() as changed:
            changed.setattr(name, value)
            sm3.gcrypt.cache_clear()
            digest = sm3.sm3()
        assert not isinstance(digest, sm3.GcryptSm3), name
        digest.update(memoryview(b"abc"))
        assert digest.hexdigest() == sm3.ABC
    sm3.gcrypt.cache_clear()
